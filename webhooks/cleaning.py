"""What PostgreSQL will store, made of whatever a sender wrote; secrets are left out."""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from webhooks.sources import Event, Unreadable

REDACTED = "[redacted]"
_MAX_DEPTH = 64
_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Row:
    """An event as it is stored; `payload` is JSON text."""

    source: str
    type: str
    dedupe_key: str
    payload: str
    occurred_at: datetime | None
    organization: str


def storable(source: str, event: Event, secret_fields: Iterable[str]) -> Row:
    """
    The event without secrets and without anything that PostgreSQL refuses.

    :raises Unreadable: it is nested too deeply
    """
    secrets = frozenset(name.casefold() for name in secret_fields)
    payload = _value(event.payload, secrets, _MAX_DEPTH)
    return Row(
        source=source,
        type=text(event.type)[:_MAX_NAME],
        dedupe_key=_key(event.dedupe_key),
        payload=json.dumps(payload, allow_nan=False, separators=(",", ":")),
        occurred_at=_moment(event.occurred_at),
        organization=text(event.organization_id)[:_MAX_NAME],
    )


def text(found: str) -> str:
    """`found` with � for the NUL, which PostgreSQL has no place for, and for halves of surrogate pairs."""
    if found.isascii():
        return found.replace("\0", "\ufffd")
    whole = found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def _value(found: Any, secrets: frozenset[str], depth: int) -> Any:
    if isinstance(found, str):
        return text(found)
    if isinstance(found, float) and not math.isfinite(found):
        return str(found)
    if not isinstance(found, dict | list | tuple):
        return found
    if not depth:
        raise Unreadable("nested_too_deeply")
    if not isinstance(found, dict):
        return [_value(item, secrets, depth - 1) for item in found]
    return {
        text(str(name)): REDACTED if str(name).casefold() in secrets else _value(item, secrets, depth - 1)
        for name, item in found.items()
    }


def _key(found: str) -> str:
    """As it is, or a digest of what an index cannot hold: two keys that differ stay different."""
    if found and len(found) <= _MAX_NAME and text(found) == found:
        return found
    return "sha256:" + hashlib.sha256(found.encode("utf-8", "surrogatepass")).hexdigest()


def _moment(found: datetime | None) -> datetime | None:
    """In UTC; None for a moment outside of the years 1 to 9999, which could be written but never read."""
    try:
        return found.astimezone(UTC) if found else None
    except (OverflowError, ValueError):
        return None
