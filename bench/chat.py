"""
`chat`: a conversation between people whom Stream knows, through our API, against one bare GetOrCreateChannel.

- ours: the whole request of the API, from the token to the rendered answer, which asks Stream once.
- bare: the same GetOrCreateChannel by Stream's own SDK, and nothing else.

Both ask the sandbox's Stream over HTTP, on connections that stay open. Stream is a service on the internet, and so the
sandbox takes `LATENCY` seconds for each answer. The same without any latency is shown beside it: it says what our own
work costs, against a vendor in the same machine.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework.test import APIClient
from stream_chat import StreamChat

from accounts.models import AppUser
from bench import databases
from bench.measuring import alternate
from bench.results import Figure, Result, milliseconds
from bench.seeding import FULL, Scale
from common import tenancy
from organizations.models import Membership, Organization
from sandbox.client import Sandbox
from sandbox.testing import running_sandbox

GOAL = 2.0
REPEATS = 10
LATENCY = 0.05
_DATABASE = "rollcall_bench_chat"
_COMPANY, _MEMBER, _PERSON = "org_chat", "user_chat", "user_known"
_WISH = {"participants": [{"kind": "company", "id": _COMPANY}, {"kind": "user", "id": _PERSON}]}


def run(scale: Scale = FULL) -> Result:
    """Measure both in turns; then count what one more conversation asks of Stream."""
    with _stage() as sandbox:
        client = _client(sandbox)
        opened = _open(client)
        works = {"ours": partial(_times, partial(_open, client)), "bare": partial(_times, _bare(opened))}
        near = alternate(works, rounds=scale.rounds, warm_ups=scale.warm_ups)
        sandbox.add_fault("get_or_create_channel", "delay", service="stream", times=None, seconds=LATENCY)
        far = alternate(works, rounds=scale.rounds, warm_ups=scale.warm_ups)
        sandbox.clear_journal()
        _open(client)
        calls = len(sandbox.journal(service="stream"))
    series = {name: milliseconds(name, seconds) for name, seconds in far.items()}
    ratio = Figure(f"ours / bare, at {LATENCY * 1000:.0f} ms", series["ours"].median / series["bare"].median, GOAL)
    beside = [milliseconds(f"{name}, no latency", seconds) for name, seconds in near.items()]
    return Result([*series.values(), *beside], [ratio, Figure("requests to Stream", calls, 1, unit="requests")])


@contextmanager
def _stage() -> Iterator[Sandbox]:
    """A company and a person in a database of their own, and the sandbox's Stream."""
    port = urlsplit(settings.SANDBOX_URL).port or 0
    secrets = {
        "SANDBOX_STREAM_API_KEY": settings.STREAM_API_KEY, "SANDBOX_STREAM_API_SECRET": settings.STREAM_API_SECRET
    }  # fmt: skip
    logging.getLogger("chat").setLevel(logging.WARNING)  # the terminal is for the table
    databases.create(_DATABASE)
    try:
        with databases.selected(_DATABASE), running_sandbox(port=port, environment=secrets) as sandbox:
            databases.migrate()
            _people()
            yield sandbox
    finally:
        databases.drop(_DATABASE)


def _people() -> None:
    with tenancy.system():
        company = Organization.objects.create(pk=_COMPANY, name="Chat Company")
        member = AppUser.objects.create(pk=_MEMBER, full_name="Member")
        AppUser.objects.create(pk=_PERSON, full_name="Known Person")
        Membership.objects.create(organization=company, user=member, role="owner")


def _client(sandbox: Sandbox) -> APIClient:
    client = APIClient(SERVER_NAME="127.0.0.1")
    token = sandbox.issue_token(_MEMBER, org_id=_COMPANY, expires_in=3600)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def _open(client: APIClient) -> Any:
    answer: Any = client.post("/api/chat/conversations", _WISH, format="json")
    if answer.status_code not in (200, 201):
        raise RuntimeError(f"{answer.status_code}: {answer.content!r}")
    return answer.data


def _bare(opened: Any) -> Callable[[], object]:
    sdk = StreamChat(settings.STREAM_API_KEY, settings.STREAM_API_SECRET, base_url=settings.STREAM_BASE_URL)
    members = [seat["stream_id"] for seat in opened["participants"]]
    return lambda: sdk.channel("messaging", opened["channel_id"], {"members": members}).create(members[0])


def _times(work: Callable[[], object]) -> float:
    """Seconds of one, from so many."""
    begun = time.perf_counter()
    for _ in range(REPEATS):
        work()
    return (time.perf_counter() - begun) / REPEATS
