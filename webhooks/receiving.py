"""From a request to stored events: verified on its raw bytes, read, kept by one statement, and announced."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.db import DatabaseError, DataError, InterfaceError, OperationalError, connection

from webhooks import cleaning, refusals, sources, waking
from webhooks.cleaning import Row
from webhooks.models import Delivery
from webhooks.sources import Event, Invalid, Refused, Request, Source, Unreadable

log = logging.getLogger(__name__)

#: Who sends to a source that there is not is counted under one name: paths are endless.
UNKNOWN = "(unknown)"


def receive(*, source: str, path: str, headers: Mapping[str, str], body: bytes) -> int:
    """
    Keep the events of one request and wake their drain; answers how many there were, those known before included.

    :raises Refused: it is not the sender's, or not readable; it was counted
    :raises Invalid: its values are not right; it was kept as failed
    :raises DatabaseError: nothing was kept, the sender must try again
    """
    try:
        rules, request = _address(source, path, headers, body)
        with _stumbling_refuses(source):
            rules.verify(request)
        rows = _kept(rules, request)
    except Refused as refusal:
        refusals.count(source if source in settings.WEBHOOK_SOURCES else UNKNOWN, refusal.reason)
        raise
    if rows:
        waking.wake(source)
    return len(rows)


def _address(source: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[Source, Request]:
    rules = sources.get(source)
    if rules is None:
        raise Refused(404, "unknown_source")
    parts = path.split("/") if path else []
    if len(parts) != len(rules.route) or not all(parts):
        raise Refused(404, "unknown_path")
    return rules, Request(source, dict(zip(rules.route, parts, strict=True)), headers, body)


def _kept(rules: Source, request: Request) -> list[Row]:
    """The rows of a genuine request, stored; none for a body that its source forgives."""
    try:
        with _stumbling_refuses(request.source):
            rows = _understood(rules, request)
        if rows:
            _keep(rows)
    except Unreadable as refusal:
        if not rules.is_forgiving:
            raise
        refusals.count(request.source, refusal.reason)
        return []
    return rows


def _understood(rules: Source, request: Request) -> list[Row]:
    try:
        events = rules.read(request)
    except Invalid as invalid:
        (row,) = _storable(rules, request.source, [invalid.event])
        Delivery.objects.store_failed(row, invalid)
        raise
    if len(events) > settings.WEBHOOK_MAX_EVENTS:
        raise Unreadable("too_many_events")
    return list(_storable(rules, request.source, events))


def _storable(rules: Source, source: str, events: Iterable[Event]) -> Iterator[Row]:
    """
    The events as rows, one by one: a source may put the whole request into each of a thousand.

    :raises Unreadable: they are too large together
    """
    size = 0
    for event in events:
        row = cleaning.storable(source, event, rules.secret_fields)
        size += len(row.payload)  # ASCII
        if size > settings.WEBHOOK_MAX_STORED_BYTES:
            raise Unreadable("too_much_to_store")
        yield row


@contextmanager
def _stumbling_refuses(source: str) -> Iterator[None]:
    """
    A source that stumbles over what it was sent refuses it, whatever the error: nobody gets a 500 by being odd.

    :raises Unreadable: it stumbled
    """
    try:
        yield
    except (Refused, Invalid, DatabaseError):
        raise
    except Exception as error:
        reason = f"error_{type(error).__name__}"
        if refusals.is_news(source, reason):
            log.exception("%s stumbled over a request", source)
        raise Unreadable(reason) from error


def _keep(rows: Sequence[Row]) -> None:
    """
    One statement, whose commit is its own.

    :raises Unreadable: PostgreSQL cannot hold it
    """
    try:
        _store(rows)
    except DataError as error:
        raise Unreadable("not_storable") from error


def _store(rows: Sequence[Row]) -> None:
    """
    Django's health check of the connection would be a second statement: a connection that broke while it was idle is
    found out by the statement itself, which does no harm when it is sent twice.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # not in the stubs
    try:
        Delivery.objects.store(rows)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        Delivery.objects.store(rows)
