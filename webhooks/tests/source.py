"""A sender as tests play it: signed by HMAC, several events in a request, and handlers that write people."""

import hashlib
import hmac
import json
import os
import signal
import time
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from accounts.models import AppUser
from organizations.models import Membership
from webhooks.signatures import is_hex_hmac
from webhooks.sources import Event, Ignore, Invalid, Park, Refused, Request, Source, Unreadable, json_object

SECRET = "a secret of the tests"
HEADER = "X-Signature"
PATH = "/webhooks/test/main"
DOTTED = "webhooks.tests.source.SOURCE"


def body_of(*events: dict[str, Any]) -> bytes:
    """What the sender sends."""
    return json.dumps({"events": events}).encode()


def event(key: str, kind: str = "person.joined", **facts: Any) -> dict[str, Any]:
    """One event in it."""
    return {"id": key, "type": kind, **facts}


def signature(body: bytes) -> str:
    """The sender's signature."""
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def verify(request: Request) -> None:
    if request.route["gateway"] != "main":
        raise Refused(404, "unknown_gateway")
    if HEADER not in request.headers:
        raise Refused(401, "no_signature")
    if not is_hex_hmac(request.headers[HEADER], body=request.body, secrets=[SECRET], algorithm="sha256"):
        raise Refused(401, "wrong_signature")
    request.known["organization"] = "org_main"


def read(request: Request) -> list[Event]:
    events = json_object(request.body).get("events")
    if not isinstance(events, list) or not all(isinstance(found, dict) for found in events):
        raise Unreadable("no_events")
    return [_event(found, request.known["organization"]) for found in events]


def _event(found: dict[str, Any], organization_id: str) -> Event:
    """:raises Invalid: its `age` is none"""
    at = found.get("at")
    event = Event(
        type=str(found.get("type")),
        dedupe_key=str(found.get("id")),
        payload=found,
        occurred_at=datetime.fromisoformat(at) if isinstance(at, str) else None,
        organization_id=str(found.get("organization", organization_id)),
    )
    if not isinstance(found.get("age", 0), int):
        raise Invalid(event, {"age": ["This must be a number."]})
    return event


def person_joined(event: Event) -> None:
    """One row for each time it is handled."""
    AppUser.objects.create(pk=f"{event.dedupe_key}#{time.time_ns()}", full_name=event.dedupe_key)


def person_failing(event: Event) -> None:
    """Writes, and then fails as long as there is somebody called `broken`."""
    person_joined(event)
    if AppUser.objects.filter(pk="broken").exists():
        raise ValueError("the handler\0 broke")


def person_waiting(event: Event) -> None:
    """Needs another person. Writes what is undone, and what is not."""
    person_joined(event)
    if not AppUser.objects.filter(pk=event.payload["for"]).exists():
        raise Park(event.payload["for"], "this person is not known yet", remember=_remembering(event))


def person_ignored(event: Event) -> None:
    """Writes what is undone, and what is not."""
    person_joined(event)
    raise Ignore("nothing to do", remember=_remembering(event))


def _remembering(event: Event) -> partial[AppUser] | None:
    name = event.payload.get("remember")
    return partial(AppUser.objects.create, pk=name, full_name=name) if name else None


def person_invalid(event: Event) -> None:
    """Finds out late that the event is wrong."""
    person_joined(event)
    raise Invalid(event, {"name": ["This is too short.", "This is no name."], "age": ["This is missing."]})


def person_too_late(event: Event) -> None:
    """Breaks a deferred constraint, which speaks up at COMMIT only."""
    person = AppUser.objects.create(pk=event.dedupe_key)
    Membership.objects.create(organization_id="org_nowhere", user_id=person.pk)


def person_undone(event: Event) -> None:
    """As if an inner transaction had failed and nobody had said so."""
    person_joined(event)
    transaction.set_rollback(True)


def connection_lost(event: Event) -> None:
    connection.close()


def worker_killed(event: Event) -> None:
    """Takes its process with it."""
    person_joined(event)
    os.kill(os.getpid(), signal.SIGKILL)


def locks_taken(event: Event) -> None:
    """Keeps a lock until its batch commits, as the handlers of memberships keep a group's."""
    person_joined(event)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [event.payload["lock"]])


def person_slow(event: Event) -> None:
    person_joined(event)
    time.sleep(event.payload.get("seconds", 0.05))


SOURCE = Source(
    verify=verify,
    read=read,
    handlers={
        "person.joined": person_joined,
        "person.failing": person_failing,
        "person.waiting": person_waiting,
        "person.ignored": person_ignored,
        "person.invalid": person_invalid,
        "person.too_late": person_too_late,
        "person.undone": person_undone,
        "person.slow": person_slow,
        "connection.lost": connection_lost,
        "locks.taken": locks_taken,
        "worker.killed": worker_killed,
    },
    secret_fields=frozenset({"Password", "api_key"}),
    route=("gateway",),
)

#: The same, who gets 200 for what cannot be read.
FORGIVING = replace(SOURCE, is_forgiving=True)
