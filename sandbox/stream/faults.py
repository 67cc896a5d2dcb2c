"""The faults that only Stream has: its error codes, its two kinds of 429, members that silently fall out."""

import time
from collections.abc import Mapping

from sandbox.faults import Fault
from sandbox.stage import Answer, Kind, Param, Params
from sandbox.stream import errors

_WITH_MEMBERS = frozenset({"get_or_create_channel", "update_channel"})
_RATE_TEXT = "Too many requests, check response headers for more information."


def _error(params: Params) -> Answer:
    status = int(params["status"]) or None
    return errors.answer(int(params["code"]), str(params["message"]), status)


def _rate_limited(params: Params) -> Answer:
    reset = str(int(time.time() + int(params["seconds"])))
    headers = {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    return errors.answer(errors.RATE_LIMIT, f'API failed with error: "{_RATE_TEXT}"', headers=headers)


def _rate_limited_plain(params: Params) -> Answer:
    return Answer(429, b"Too many requests", "text/plain; charset=utf-8")


KINDS: Mapping[str, Kind] = {
    "error": Kind(
        "Answers with an error of Stream's.",
        {
            "code": Param(-1, "count", -1, 100),
            "message": Param("something went wrong", "text"),
            "status": Param(0, "count", 0, 599),
        },
        _error,
    ),
    "rate_limited": Kind(
        "Answers 429 with code 9; the headers name a reset in so many seconds.",
        {"seconds": Param(1, "count")},
        _rate_limited,
    ),
    "rate_limited_plain": Kind("Answers 429 in plain text, as Stream's edge does.", replaces=_rate_limited_plain),
    "drop_member": Kind(
        "Silently leaves out one of the members: `user`, or the last one named.",
        {"user": Param("", "text")},
        None,
        _WITH_MEMBERS,
    ),
}  # fmt: skip


def dropped(fault: Fault | None, user_ids: list[str]) -> str | None:
    """Whom the fault leaves out of those to be added; None: nobody."""
    if fault is None or fault.kind != "drop_member" or not user_ids:
        return None
    return str(fault.params["user"]) or user_ids[-1]
