"""Faults that only Clerk has, and its error answers."""

from collections.abc import Mapping

from sandbox.stage import Answer, Kind, Param, Params, json_answer

_LISTS = frozenset({"list_organizations", "list_memberships", "list_all_memberships", "list_users"})


def error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An error as the Backend API gives it."""
    errors = [{"message": message, "long_message": message, "code": code}]
    return json_answer({"errors": errors, "clerk_trace_id": "sandbox"}, status, headers)


def _gone(params: Params) -> Answer:
    return error(404, "resource_not_found", "not found")


KINDS: Mapping[str, Kind] = {
    "capped_page": Kind("A list gives at most `most` rows a page, whatever was asked for.", {
        "most": Param(100, "count", 1, 500),
    }, operations=_LISTS),
    "cut_list": Kind("A list ends after `keep` rows, and its total says so.", {
        "keep": Param(10, "count"),
    }, operations=_LISTS),
    "lying_total": Kind("A list's total is `offset` too high.", {
        "offset": Param(7, "count"),
    }, operations=_LISTS),
    "gone": Kind("Answers 404.", replaces=_gone),
}  # fmt: skip
