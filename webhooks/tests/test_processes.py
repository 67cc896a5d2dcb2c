"""With real processes: gunicorn, Celery workers and beat; some are killed, and what they need goes away."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from celery import Celery
from django.db import connection
from django.utils import timezone

from common.tests.processes import Product, free_port, running_product, wait_until
from webhooks import services
from webhooks.cleaning import Row
from webhooks.models import Batch, Delivery, Notice
from webhooks.tests import source
from webhooks.tests.conftest import people
from webhooks.tests.mail import receiver
from webhooks.tests.source import event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]


@pytest.fixture
def product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    """Rollcall with the tests' sender."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "webhooks.tests.settings")
    with running_product(tmp_path) as product:
        yield product


def send(web: str, *events: dict[str, Any]) -> requests.Response:
    """As the sender does."""
    body = source.body_of(*events)
    headers = {source.HEADER: source.signature(body), "Content-Type": "application/json"}
    return requests.post(web + source.PATH, data=body, headers=headers, timeout=10)


def ended() -> int:
    """How many have ended."""
    return Delivery.objects.filter(run_after=None).count()


def test_what_is_sent_takes_effect_within_two_seconds_without_any_sweep(product: Product) -> None:
    product.start_redis()
    product.start_web()
    product.start_worker()
    assert send(product.web, event("first")).status_code == 200
    wait_until(lambda: ended() == 1, "the first")
    for number in range(20):
        assert send(product.web, event(f"e{number}")).status_code == 200
        time.sleep(0.1)
    wait_until(lambda: ended() == 21, "the rest")
    times = Delivery.objects.exclude(dedupe_key="first").values_list("received_at", "handled_at")
    assert median((handled - received).total_seconds() for received, handled in times if handled) < 2


def test_tasks_share_a_connection_and_survive_its_loss(product: Product) -> None:
    """Fails without `CELERY_DB_REUSE_MAX`, and then without `close_broken_connections`."""
    product.start_redis()
    product.start_worker()
    send_drains(product, event("first"))
    before = asked("SELECT sessions FROM pg_stat_database WHERE datname = current_database()")
    for number in range(10):
        send_drains(product, event(f"e{number}"))
    after = asked("SELECT sessions FROM pg_stat_database WHERE datname = current_database()")
    assert after - before <= 1, "one for each process of the worker"
    asked(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
    )
    send_drains(product, event("last"))
    assert set(Delivery.objects.values_list("status", "attempts")) == {("done", 0)}


def send_drains(product: Product, found: dict[str, Any]) -> None:
    """Keep an event, and wait for a drain by the product's worker to handle it."""
    number = ended()
    kept = Row("test", found["type"], found["id"], json.dumps(found), None, "")
    Delivery.objects.store([kept])
    with Celery(broker=product.redis_url, set_as_current=False) as app:
        app.send_task("webhooks.drain", kwargs={"source": "test", "is_last_look": True}, queue="webhooks")
    wait_until(lambda: ended() > number, found["id"])


def asked(question: str) -> Any:
    """The one value that a query answers."""
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def test_a_worker_killed_in_the_middle_loses_nothing_and_repeats_nothing(product: Product) -> None:
    product.start_redis()
    product.start_web()
    product.start_worker()
    keys = [f"e{number}" for number in range(150)]
    for start in range(0, 150, 50):
        send(product.web, *(event(key, "person.slow", seconds=0.02) for key in keys[start : start + 50]))
    wait_until(Batch.objects.exists, "a batch")
    time.sleep(0.3)
    product.kill("worker")
    assert ended() < 150
    product.start_worker()
    product.start_beat()
    wait_until(lambda: ended() == 150, "every event", seconds=30)
    assert set(Delivery.objects.values_list("status", "attempts")) == {("done", 0)}
    assert sorted(people()) == sorted(keys)


def test_one_that_kills_its_worker_each_time_ends_as_dead_and_blocks_nobody(product: Product) -> None:
    product.start_redis()
    product.start_web()
    events = [event(f"e{number}", "worker.killed" if number == 7 else "person.joined") for number in range(40)]
    send(product.web, *events)
    product.start_worker()
    product.start_beat()
    wait_until(lambda: Delivery.objects.filter(status="done").count() == 39, "the others", seconds=30)
    wait_until(lambda: Delivery.objects.filter(status="dead").exists(), "its end", seconds=60)
    dead = Delivery.objects.get(status="dead")
    assert (dead.dedupe_key, dead.attempts, dead.error) == ("e7", 3, "its worker died while handling it")
    assert len(people()) == 39
    assert not Batch.objects.exists()


def test_without_redis_a_sender_gets_its_2xx_at_once_and_the_event_is_handled_when_redis_is_back(
    product: Product,
) -> None:
    product.start_redis()
    product.start_web()
    product.start_worker()
    product.start_beat()
    assert send(product.web, event("warm")).status_code == 200
    product.kill("redis")
    slowest = 0.0
    for number in range(50):
        begun = time.monotonic()
        assert send(product.web, event(f"e{number}")).status_code == 200
        slowest = max(slowest, time.monotonic() - begun)
    assert slowest < 3
    product.start_redis()
    wait_until(lambda: ended() == 51, "every event", seconds=60)


def test_an_alarm_whose_task_was_lost_with_redis_is_told_by_the_sweep_and_once(
    product: Product, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    with receiver() as operator:
        settings.ALARM_WEBHOOK_URL = operator.url
        monkeypatch.setenv("ALARM_WEBHOOK_URL", operator.url)
        services.raise_alarm(kind="test", key="a", subject="Nobody answers", detail="See the log.")
        Notice.objects.update(run_after=timezone.now())
        product.start_redis()
        product.start_worker()
        product.start_beat()
        wait_until(lambda: Notice.objects.filter(status="sent").exists(), "the message")
        time.sleep(3)
        assert [post["subject"] for post in operator.posts] == ["Nobody answers"]


def test_without_postgresql_a_sender_is_asked_to_try_again(product: Product, tmp_path: Path) -> None:
    nowhere = urlsplit(os.environ["DATABASE_URL"])
    nowhere = nowhere._replace(netloc=f"rollcall_app:x@127.0.0.1:{free_port()}")
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--threads", "2"]
    with (tmp_path / "web.log").open("wb") as log:
        web = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}"],
            env={**os.environ, "DATABASE_URL": nowhere.geturl(), "DATABASE_OWNER_URL": ""},
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: _listens(port), "web")
        begun = time.monotonic()
        answer = send(f"http://127.0.0.1:{port}", event("e1"))
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert time.monotonic() - begun < 6
        forged = requests.post(f"http://127.0.0.1:{port}{source.PATH}", data=b"{}", timeout=10)
        assert forged.status_code == 401
    finally:
        web.terminate()
        web.wait(10)


RAW = [
    b"POST %(path)s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Signature: \xff\xfe\xe9\r\nContent-Length: 2\r\n\r\n{}",
    b"POST %(path)s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Signature: " + b"a" * 7000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    b"POST %(path)s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Signature: " + b"a" * 90_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    b"POST %(path)s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Sig\x00nature: a\r\nContent-Length: 2\r\n\r\n{}",
    b"POST %(path)s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n{}",
    b"POST %(path)s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
    b"POST %(path)s/%%00%%ff/\xff HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}",
    b"POST %(path)s HTTP/1.1\r\nHost: \xff\r\nContent-Length: 2\r\n\r\n{}",
    b"POST %(path)s HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    b"POST %(path)s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\n{}",
]


def test_f35_raw_bytes_that_no_client_sends_are_a_4xx(product: Product) -> None:
    """Fails without `except Exception` in `receiving._understood`, for what a source's `verify` does not expect."""
    product.start_redis()
    product.start_web()
    for raw in RAW:
        status = _speak(product.web_port, raw % {b"path": source.PATH.encode()})
        assert 400 <= status < 500, raw[:120]
    assert not Delivery.objects.exists()
    assert "Traceback" not in product.log("web")


def _speak(port: int, raw: bytes) -> int:
    """The status of the answer to `raw`; 400 for a connection that is closed without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as spoken:
        try:
            spoken.sendall(raw)
            answer = spoken.recv(4096)
        except ConnectionError:
            return 400
    return int(answer.split()[1]) if answer else 400


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
