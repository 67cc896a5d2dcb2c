"""
Stream's refusals, sorted into the classes that decide what happens next.

All our calls carry explicit ids and may be repeated, so whatever time can cure is one class. Codes:
https://getstream.io/chat/docs/python/api_errors_response/
"""

import re
from collections.abc import Collection
from datetime import timedelta

from common.vendors import Invalid, RetryLater, RetrySoon, VendorError

RATE_LIMITED, INPUT, DOES_NOT_EXIST = 9, 4, 16
CONFIGURATION = frozenset({2, 5, 40, 41, 42, 43})
PASSING = frozenset({-1, 23})
_IDS = re.compile(r"[A-Za-z0-9@_-]+")
_RATE_WAIT = timedelta(seconds=1)


class Misconfigured(VendorError):
    """Our key or secret is wrong, or our clock: nothing works until a person has changed something."""

    code = "misconfigured"


class UsersMissing(VendorError):
    """Some of those who should be in a channel are not there (yet), by their ids in Stream; empty: it does not say."""

    code = "users_missing"

    def __init__(self, detail: str, ids: frozenset[str]) -> None:
        super().__init__(detail)
        self.ids = ids


class UsersGone(VendorError):
    """Some of the users were deleted or deactivated: terminal for them, and for a call that names them."""

    code = "users_gone"

    def __init__(self, detail: str, ids: frozenset[str], *, is_deleted: bool) -> None:
        super().__init__(detail)
        self.ids = ids
        self.is_deleted = is_deleted


class NotThere(Invalid):
    """There is no such thing, and it is no channel."""

    code = "not_there"


class ChannelNotThere(VendorError):
    """There is no such channel (any more)."""

    code = "channel_not_there"


def of_answer(
    *, status: int, code: int | None, text: str, sent: Collection[str], wait: timedelta | None
) -> VendorError:
    """
    The error for a refusal.

    :param code: Stream's own; None when the body is not Stream's
    :param sent: the ids of the users that the call named
    :param wait: until the limit is reset, as the headers say
    """
    detail = f"{status}: {text.strip()[:400] or 'no text'}"
    if status == 429 or code == RATE_LIMITED:
        return RetryLater(detail, wait or _RATE_WAIT)
    if code in CONFIGURATION or (code is None and status in (401, 403)):
        return Misconfigured(detail)
    if code == INPUT and "don't exist" in text:
        return UsersMissing(detail, _named(text.partition("don't exist")[2], sent))
    if code == DOES_NOT_EXIST:
        return _not_there(detail, text, sent)
    is_passing = code in PASSING or status >= 500 or status in (408, 425) or code is None
    return RetrySoon(detail) if is_passing else Invalid(detail)


def _not_there(detail: str, text: str, sent: Collection[str]) -> VendorError:
    if "was deleted" in text or "was deactivated" in text:
        return UsersGone(detail, _named(text, sent), is_deleted="was deleted" in text)
    return ChannelNotThere(detail) if "channel" in text.lower() else NotThere(detail)


def _named(text: str, sent: Collection[str]) -> frozenset[str]:
    """The users of the call that a text names, whatever separates them there."""
    return frozenset(_IDS.findall(text)) & frozenset(sent)
