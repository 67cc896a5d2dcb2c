"""A WhatsApp gateway that tells of people who come and go, and that sends again what was not acknowledged."""

import hashlib
import hmac
import http.client
import json
import queue
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings

from common import tenancy
from organizations.models import Organization
from whatsapp.models import Group, Session

GATEWAY = "main"
_SENDERS = 8
_TIMEOUT = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_GROUPS = 10


@dataclass(frozen=True, slots=True)
class Told:
    """One event: somebody's join or leave."""

    session: str
    group_jid: str
    lid: str
    action: str
    at: datetime

    def body(self) -> bytes:
        """As gateways write it."""
        return json.dumps(
            {
                "event": self.action,
                "sessionId": self.session,
                "groupJid": self.group_jid,
                "participant": {"id": self.lid},
                "timestamp": self.at.isoformat(),
            }
        ).encode()


@dataclass
class Sending:
    """What has been acknowledged, after how many seconds each, and how often something was sent again."""

    acknowledged: list[Told] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    repeats: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)


def new_groups() -> list[Group]:
    """Groups of a new organization's connected session, nobody in them yet."""
    key = f"org_crash_{uuid.uuid4().hex}"
    with tenancy.system():
        Organization.objects.create(id=key, name=key)
        session = Session.objects.create(
            organization_id=key, gateway=GATEWAY, gateway_session_id=f"wa_{uuid.uuid4()}",
            status=Session.Status.CONNECTED,
        )  # fmt: skip
        jids = [f"{uuid.uuid4().int % 10**18}@g.us" for _ in range(_GROUPS)]
        return [Group.objects.create(organization_id=key, session=session, group_jid=jid, name=jid) for jid in jids]


def events_of(groups: list[Group], number: int) -> list[Told]:
    """`number` events, each person's in order: of five people four join, and one of them leaves again."""
    begun = datetime.now(UTC) - timedelta(hours=1)
    told: list[Told] = []
    for turn in range(number):
        group = groups[turn % len(groups)]
        if turn % 5 == 4:
            before = told[turn - 4]
            told.append(Told(before.session, before.group_jid, before.lid, "leave", begun + timedelta(seconds=turn)))
            continue
        assert group.session is not None, "the groups here have one"
        lid = f"{10**14 + uuid.uuid4().int % 10**14}@lid"
        at = begun + timedelta(seconds=turn)
        told.append(Told(group.session.gateway_session_id, group.group_jid, lid, "join", at))
    return told


@contextmanager
def sending(port: int, events: Iterable[Told], *, per_second: int) -> Iterator[Sending]:
    """Send the events in the background, each until it is acknowledged; leaving the context ends that."""
    found = Sending()
    waiting: queue.SimpleQueue[tuple[float, Told]] = queue.SimpleQueue()
    begun = time.monotonic()
    for number, event in enumerate(events):
        waiting.put((begun + number / per_second, event))
    threads = [threading.Thread(target=_send_all, args=(port, waiting, found)) for _ in range(_SENDERS)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        found.is_over.set()
        for thread in threads:
            thread.join()


def _send_all(port: int, waiting: "queue.SimpleQueue[tuple[float, Told]]", found: Sending) -> None:
    while not found.is_over.is_set():
        try:
            due, event = waiting.get_nowait()
        except queue.Empty:
            return
        found.is_over.wait(max(0.0, due - time.monotonic()))
        _send(port, event, found)


def _send(port: int, event: Told, found: Sending) -> None:
    """Until it is acknowledged, with pauses that double."""
    begun, pause = time.monotonic(), _FIRST_PAUSE
    while not found.is_over.is_set():
        if _is_acknowledged(port, event.body()):
            found.acknowledged.append(event)
            found.seconds.append(time.monotonic() - begun)
            return
        found.repeats += 1
        found.is_over.wait(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _is_acknowledged(port: int, body: bytes) -> bool:
    secret = settings.WHATSAPP_GATEWAYS[GATEWAY]["webhook_secrets"][0]
    signature = hmac.new(str(secret).encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
    try:
        connection.request("POST", f"/webhooks/whatsapp/{GATEWAY}", body, headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
