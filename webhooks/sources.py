"""
What a source of deliveries is, and what its functions say by raising.

A source stands in its app's `inbound.py` and is named in `settings.WEBHOOK_SOURCES`; this app knows no other.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Request:
    """
    One HTTP request: `route` has the parts of the path by name, `headers` are looked up in any case.

    `known` is what `verify` found out of the sender, for `read`.
    """

    source: str
    route: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    known: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """
    One fact out of a request, as it is stored and handled.

    Of events with the same `dedupe_key` the source's first is kept and the others are dropped. Times are aware.
    `received_at` is set for handlers: when we got it, by the database's clock.
    """

    type: str
    dedupe_key: str
    payload: dict[str, Any]
    occurred_at: datetime | None = None
    organization_id: str = ""
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """
    One sender's rules.

    - `verify` raises `Refused` for what the sender did not send; it may read the database, and nothing else.
    - `read` makes events of the body, or raises `Unreadable` or `Invalid`.
    - `handlers`: event type → function, run in the system context inside a savepoint. It may run again after a
      failure elsewhere, so it does what was not done yet. It may raise `Park` and `Ignore`; whatever else it raises
      undoes its writes, and it is tried again later. A type without a handler is stored and ends as ignored.
    - `secret_fields` are names whose values are never stored, at any depth and in any case.
    - `route` names the parts of the path behind `/webhooks/<source>`: `("gateway",)`.
    - `is_forgiving`: a genuine sender gets 200 for a body that cannot be read, which is counted and not kept.
    """

    verify: Callable[[Request], None]
    read: Callable[[Request], list[Event]]
    handlers: Mapping[str, Callable[[Event], None]]
    secret_fields: frozenset[str] = frozenset()
    route: tuple[str, ...] = field(default=())
    is_forgiving: bool = False


class Refused(Exception):
    """
    The request is not the sender's.

    `reason` is a short constant such as `wrong_signature`: it is counted, and never told to the caller.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        if status not in (400, 401, 403, 404):
            raise ValueError(f"a delivery is not refused with {status}")
        self.status = status
        self.reason = reason


class Unreadable(Refused):
    """The sender is right and the body is not: 400."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, reason)


class Invalid(Exception):
    """
    The event can be read and says what cannot be: it is kept as failed, and its sender answered 400 with `fields`.

    For senders that show the answer to a person. A handler raises it for what will not be better the next time.
    """

    def __init__(self, event: Event, fields: Mapping[str, Sequence[str]]) -> None:
        super().__init__(" ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items()))
        self.event = event
        self.fields = fields


class Park(Exception):
    """
    What the event speaks of is not known yet: `services.unpark(waits_for=…)` will say when it is.

    What its handler wrote is undone; `remember` is called after that, for what is to stay.
    """

    def __init__(self, waits_for: str, reason: str, *, remember: Callable[[], object] | None = None) -> None:
        super().__init__(reason)
        self.waits_for = waits_for
        self.reason = reason
        self.remember = remember


class Ignore(Exception):
    """There is nothing to do, and there never will be. `remember` as with `Park`."""

    def __init__(self, reason: str, *, remember: Callable[[], object] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remember = remember


def get(name: str) -> Source | None:
    """The source of that name, if the settings have one."""
    path = settings.WEBHOOK_SOURCES.get(name)
    if path is None:
        return None
    source = import_string(path)
    if not isinstance(source, Source):
        raise TypeError(f"{path} is not a webhooks.sources.Source")
    return source


def json_object(body: bytes) -> dict[str, Any]:
    """
    The JSON object in `body`.

    :raises Unreadable: no JSON, not UTF-8, not an object, NaN or Infinity (RFC 8259 has none), endless numbers or depth
    """
    try:
        found = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not_json") from error
    if not isinstance(found, dict):
        raise Unreadable("not_an_object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
