"""
The gateway's refusals, sorted into the classes that decide what happens next.

The text beats the status: `item-not-found`, `rate-overlimit` and "not connected" arrive as 500 too.
"""

import re
from datetime import timedelta

from common.vendors import Answer, Forbidden, Invalid, RetryLater, RetrySoon, VendorError, retry_after

_RATE_WAIT = timedelta(minutes=2)
_BY_TEXT: list[tuple[str, re.Pattern[str]]] = [
    ("item-not-found", re.compile(r"item-not-found", re.I)),
    ("rate", re.compile(r"rate-overlimit|too many requests", re.I)),
    (
        "reconnect",
        re.compile(
            r"not connected|logged[ _-]?out|disconnected|\bbanned\b"
            r"|session[ _-]closed|session.{0,80}?(?:not[ _-]?found|does(?: not|n't) exist)",
            re.I,
        ),
    ),
    ("forbidden", re.compile(r"not[ -](?:an )?admin|\bforbidden\b|not-authorized", re.I)),
]


class NeedsReconnect(VendorError):
    """The session is logged out, disconnected or banned: its work waits."""

    code = "needs_reconnect"


class WrongJid(VendorError):
    """The gateway knows no such group, or it is a community's parent, which holds no people."""

    code = "wrong_jid"


def refusal(text: str) -> str:
    """The class that a refusal's text names: item-not-found, rate, reconnect, forbidden, or empty."""
    return next((name for name, pattern in _BY_TEXT if pattern.search(text)), "")


def from_answer(answer: Answer, text: str) -> VendorError:
    """The error for an answer that is a refusal. `text` is its error text, or its body when that is no JSON."""
    detail = f"{answer.status}: {text.strip()[:300] or 'no text'}"
    named = refusal(text)
    if named == "item-not-found":
        return WrongJid(detail)
    if named == "rate" or answer.status == 429:
        return RetryLater(detail, retry_after(answer, default=_RATE_WAIT))
    if named == "reconnect":
        return NeedsReconnect(detail)
    if named == "forbidden" or answer.status in (401, 403):
        return Forbidden(detail)
    return RetrySoon(detail) if answer.status >= 500 else Invalid(detail)
