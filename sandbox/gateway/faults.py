"""The faults that only the gateway has: its error texts, its lying lists, its late and half-done creations."""

from collections.abc import Mapping, Sequence

from sandbox.clock import shift
from sandbox.faults import Fault
from sandbox.gateway.model import Group, Session
from sandbox.gateway.seen import SeenGroup, SeenPerson
from sandbox.kinds import LONGEST_WAIT
from sandbox.problems import Json
from sandbox.stage import Answer, Kind, Param, Params, json_answer

_LISTS = frozenset({"groups", "participants"})
_PEOPLE = frozenset({"participants"})
_CREATION = frozenset({"create_community"})


def refusal(status: int, error: str) -> Answer:
    """An error as the gateway writes it."""
    return json_answer({"success": False, "error": error}, status)


def _rate_overlimit(params: Params) -> Answer:
    return refusal(500, "rate-overlimit")


def _item_not_found(params: Params) -> Answer:
    return refusal(500, "item-not-found")


def _not_connected(params: Params) -> Answer:
    return refusal(500, "Session is not connected")


def _success_false(params: Params) -> Answer:
    return refusal(200, str(params["error"]))


KINDS: Mapping[str, Kind] = {
    "rate_overlimit": Kind("Answers 500 with the text rate-overlimit.", replaces=_rate_overlimit),
    "item_not_found": Kind("Answers 500 with the text item-not-found.", replaces=_item_not_found),
    "not_connected": Kind("Answers 500 with the text not connected.", replaces=_not_connected),
    "success_false": Kind(
        "Answers 200 with success false.", {"error": Param("Failed to create community", "text")}, _success_false
    ),
    "empty_list": Kind("The list is empty; `total` people are claimed.", {"total": Param(0, "count")}, None, _LISTS),
    "wrong_total": Kind(
        "The total is `offset` more than the list has, or exactly `total`.",
        {"offset": Param(7, "count", -100_000), "total": Param(None, "count")},
        None,
        _PEOPLE,
    ),
    "stale_list": Kind(
        "The list as it was `seconds` ago, or when the fault was set.",
        {"seconds": Param(None, "number", 0, 1e9)},
        None,
        _LISTS,
    ),
    "truncated_list": Kind(
        "Only the first `keep` entries, with a matching total.", {"keep": Param(10, "count")}, None, _LISTS
    ),
    "own_missing": Kind("The list lacks the session's own number, with a matching total.", {}, None, _PEOPLE),
    "missing_announcement": Kind(
        "The announcement group is missing: from this creation's answer and the next `lists` group lists (none given: "
        "until it is shown), or from this group list.",
        {"lists": Param(None, "count", 1)},
        None,
        frozenset({"create_community", "groups"}),
    ),
    "late_effect": Kind(
        "Closes the connection without an answer; the community is there `seconds` later.",
        {"seconds": Param(5, "number", 0, LONGEST_WAIT)},
        None,
        _CREATION,
    ),
    "settings_lost": Kind("The community is created without its settings.", {}, None, _CREATION),
    "invites_refused": Kind(
        "The community is created, and only the first `keep` of its admins are invited.",
        {"keep": Param(0, "count")},
        None,
        _CREATION,
    ),
}


def is_kind(fault: Fault | None, kind: str) -> bool:
    """Whether there is a fault, and of this kind."""
    return fault is not None and fault.kind == kind


def param(fault: Fault | None, kind: str, name: str) -> Json:
    """The parameter of a fault of this kind; None when it is no such fault."""
    return fault.params[name] if fault is not None and fault.kind == kind else None


def as_of(fault: Fault | None, now: str) -> str | None:
    """The instant whose list is given; None for the present."""
    if fault is None or fault.kind != "stale_list":
        return None
    seconds = fault.params["seconds"]
    return fault.created_at if seconds is None else shift(now, -float(seconds))


def twist_groups(fault: Fault | None, groups: Sequence[SeenGroup]) -> list[SeenGroup]:
    """A group list as the fault lets it through."""
    if is_kind(fault, "empty_list"):
        return []
    if is_kind(fault, "missing_announcement"):
        return [seen for seen in groups if seen.group.kind != "announcement"]
    keep = param(fault, "truncated_list", "keep")
    return list(groups if keep is None else groups[:keep])


def twist_people(fault: Fault | None, session: Session, people: Sequence[SeenPerson]) -> tuple[list[SeenPerson], int]:
    """A list of people as the fault lets it through, and the total that it claims."""
    if is_kind(fault, "empty_list"):
        return [], int(param(fault, "empty_list", "total"))
    if is_kind(fault, "own_missing"):
        people = [person for person in people if person.lid != session.lid]
    if (keep := param(fault, "truncated_list", "keep")) is not None:
        people = people[:keep]
    if not is_kind(fault, "wrong_total"):
        return list(people), len(people)
    total = param(fault, "wrong_total", "total")
    return list(people), max(0, len(people) + param(fault, "wrong_total", "offset")) if total is None else int(total)


def twist_creation(fault: Fault | None, parent: Group, announcement: Group) -> None:
    """What a fault does to a community that was just created."""
    if is_kind(fault, "missing_announcement"):
        announcement.unlisted = param(fault, "missing_announcement", "lists") or -1
    if is_kind(fault, "settings_lost"):
        parent.settings = {}
        announcement.settings = {}
    if is_kind(fault, "invites_refused"):
        parent.invited_admins = parent.invited_admins[: param(fault, "invites_refused", "keep")]
