"""
JSON as outside services send it, made harmless before anybody reads it.

Text loses what PostgreSQL cannot store, and a number that nobody means is absent: each would otherwise fail far
from here, where a row is written.
"""

import json
from typing import Any

_MAX_DIGITS = 18


def read(document: str | bytes) -> Any:
    """The JSON of `document`, with every text clean; None when it is no JSON, or nested beyond reading."""
    try:
        return _harmless(json.loads(document, parse_int=_whole, parse_constant=_nothing))
    except (ValueError, RecursionError):
        return None


def clean(text: str) -> str:
    """`text` with U+FFFD for NUL, which PostgreSQL has no place for, and for halves of surrogate pairs."""
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\x00", "\ufffd")


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_harmless(item) for item in value]
    if isinstance(value, dict):
        return {clean(name): _harmless(item) for name, item in value.items()}
    return value


def _whole(digits: str) -> int | None:
    """Python refuses to read thousands of digits, PostgreSQL to store more than 18."""
    return int(digits) if len(digits) <= _MAX_DIGITS else None


def _nothing(_: str) -> None:
    """NaN and the infinities are no JSON (RFC 8259, 6)."""
