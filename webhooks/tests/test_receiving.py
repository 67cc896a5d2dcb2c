"""What a sender sees: a fast 2xx for what is genuine, kept once; a 4xx for everything else."""

import json
import time
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from webhooks import waking
from webhooks.models import Delivery, RefusedCount
from webhooks.sources import Source
from webhooks.tests import source
from webhooks.tests.absent import no_database, no_redis
from webhooks.tests.conftest import Post, only, queued
from webhooks.tests.source import event

pytestmark = pytest.mark.django_db


def test_a_genuine_event_is_kept_and_answered_with_2xx(post: Post) -> None:
    answer = post(event("e1", at="2026-11-21T10:00:00+05:30", organization="org_a"))
    assert (answer.status_code, answer.json()) == (200, {"received": 1})
    kept = only()
    assert (kept.source, kept.type, kept.dedupe_key, kept.status) == ("test", "person.joined", "e1", "received")
    assert (kept.organization, kept.attempts) == ("org_a", 0)
    assert kept.occurred_at is not None
    assert kept.occurred_at.isoformat() == "2026-11-21T04:30:00+00:00"
    assert kept.payload["id"] == "e1"


def test_several_events_of_one_request_are_kept_by_one_statement(post: Post) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = post(*(event(f"e{number}") for number in range(50)))
    assert answer.json() == {"received": 50}
    assert [query["sql"].split()[:2] for query in queries] == [["INSERT", "INTO"]]
    assert list(Delivery.objects.order_by("pk").values_list("dedupe_key", flat=True))[:3] == ["e0", "e1", "e2"]


def test_an_event_that_is_repeated_is_kept_once_and_answered_alike(post: Post) -> None:
    for _ in range(3):
        assert post(event("e1"), event("e1")).json() == {"received": 2}
    assert Delivery.objects.count() == 1


def test_no_event_is_a_2xx_too(post: Post) -> None:
    assert post().json() == {"received": 0}
    assert not Delivery.objects.exists()


def test_secrets_are_never_stored_at_any_depth(post: Post) -> None:
    post(event("e1", deep=[{"PASSWORD": "p4ss", "kept": 1}], Api_Key={"value": "p4ss"}))
    assert only().payload["deep"] == [{"PASSWORD": "[redacted]", "kept": 1}]
    assert "p4ss" not in json.dumps(only().payload)


def test_an_event_of_a_type_that_nobody_handles_is_kept(post: Post) -> None:
    assert post(event("e1", "never.heard")).status_code == 200
    assert only().type == "never.heard"


@pytest.mark.parametrize(
    ("path", "headers", "status", "reason"),
    [
        ("/webhooks/test/main", {}, 401, "no_signature"),
        ("/webhooks/test/main", {source.HEADER: "0" * 64}, 401, "wrong_signature"),
        ("/webhooks/test/main", {source.HEADER: ""}, 401, "wrong_signature"),
        ("/webhooks/test/other", {}, 404, "unknown_gateway"),
        ("/webhooks/test/main/more", {}, 404, "unknown_path"),
        ("/webhooks/test/main/", {}, 404, "unknown_path"),
        ("/webhooks/test", {}, 404, "unknown_path"),
    ],
)
def test_what_is_not_the_sender_s_is_refused_counted_and_not_stored(
    post: Post, path: str, headers: dict[str, str], status: int, reason: str
) -> None:
    answer = post(event("e1"), path=path, headers=headers)
    assert (answer.status_code, set(answer.json())) == (status, {"code", "detail"})
    assert reason not in answer.content.decode()
    assert not Delivery.objects.exists()
    assert list(RefusedCount.objects.values_list("source", "reason", "number")) == [("test", reason, 1)]


def test_sources_that_there_are_not_are_counted_under_one_name(post: Post) -> None:
    for name in ("a", "b", "c"):
        assert post(event("e1"), path=f"/webhooks/{name}").status_code == 404
    assert list(RefusedCount.objects.values_list("source", "reason", "number")) == [("(unknown)", "unknown_source", 3)]


def test_a_signature_is_that_of_the_raw_bytes(post: Post) -> None:
    body = source.body_of(event("e1"))
    signed = {source.HEADER: source.signature(body)}
    assert post(body=body + b" ", headers=signed).status_code == 401
    assert post(body=body, headers=signed).status_code == 200


def test_headers_are_looked_up_in_any_case(post: Post) -> None:
    body = source.body_of(event("e1"))
    assert post(body=body, headers={"x-sIGNATURE": source.signature(body).upper()}).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head", "options"])
def test_only_post_is_answered(method: str) -> None:
    answer = getattr(Client(), method)(source.PATH)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_a_body_of_2_mb_is_a_413(post: Post) -> None:
    assert post(event("e1", text="x" * 2_000_000)).status_code == 413
    assert not Delivery.objects.exists()


def test_events_that_are_too_large_together_are_refused_whole(post: Post, settings: Any) -> None:
    """As of a source that copies the request into each. Fails without the sum in `receiving._storable`."""
    each = len(json.dumps(event("e1", text="x" * 900), separators=(",", ":")))
    settings.WEBHOOK_MAX_STORED_BYTES = 3 * each
    assert post(*(event(f"e{number}", text="x" * 900) for number in range(4))).status_code == 400
    assert not Delivery.objects.exists()
    assert RefusedCount.objects.get().reason == "too_much_to_store"
    assert post(*(event(f"e{number}", text="x" * 900) for number in range(3))).status_code == 200
    assert post(event("one", text="x" * 4000)).status_code == 400
    assert post(event("wrong", text="x" * 4000, age="old")).status_code == 400
    assert Delivery.objects.count() == 3


def test_what_a_sender_gets_wrong_is_told_to_it_by_field_and_kept_as_failed(post: Post) -> None:
    """Fails without `store_failed` in `receiving._understood`."""
    for _ in range(2):
        answer = post(event("e1", age="old", api_key="p4ss"))
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert answer.json()["fields"] == {"age": ["This must be a number."]}
    failed = only()
    assert (failed.status, failed.run_after, failed.error) == ("failed", None, "age: This must be a number.")
    assert (failed.dedupe_key, failed.organization, failed.payload["api_key"]) == ("e1", "org_main", "[redacted]")
    assert not RefusedCount.objects.exists()


def test_one_wrong_event_of_a_request_keeps_the_others_out_too(post: Post) -> None:
    """Its sender sends the request again, mended."""
    assert post(event("e1"), event("e2", age="old"), event("e3")).status_code == 400
    assert only().dedupe_key == "e2"
    assert post(event("e1"), event("e3")).json() == {"received": 2}
    assert Delivery.objects.count() == 3


def test_a_wrong_repeat_of_what_was_kept_changes_nothing(post: Post) -> None:
    post(event("e1"))
    assert post(event("e1", age="old")).status_code == 400
    assert (only().status, "age" in only().payload) == ("received", False)


def test_what_verify_found_out_is_there_for_read(post: Post) -> None:
    post(event("e1"), event("e2", organization="org_a"))
    assert list(Delivery.objects.order_by("pk").values_list("organization", flat=True)) == ["org_main", "org_a"]


@pytest.mark.parametrize("body", [b"{", b'{"events": 7}', source.body_of(event("e1"), event("e2"), event("e3"))])
def test_a_sender_that_is_forgiven_gets_200_for_what_cannot_be_read_and_it_is_counted(
    post: Post, settings: Any, body: bytes
) -> None:
    """Fails without the branch of `is_forgiving` in `receiving._kept`."""
    settings.WEBHOOK_SOURCES = {"test": "webhooks.tests.source.FORGIVING"}
    settings.WEBHOOK_MAX_EVENTS = 2
    answer = post(body=body)
    assert (answer.status_code, answer.json()) == (200, {"received": 0})
    assert not Delivery.objects.exists()
    assert RefusedCount.objects.get().number == 1
    assert queued() == []


def test_who_is_not_the_sender_is_not_forgiven(post: Post, settings: Any) -> None:
    settings.WEBHOOK_SOURCES = {"test": "webhooks.tests.source.FORGIVING"}
    assert post(event("e1"), headers={}).status_code == 401
    assert post(event("e1", age="old")).status_code == 400


def test_more_events_than_the_setting_allows_are_refused_whole(post: Post, settings: Any) -> None:
    settings.WEBHOOK_MAX_EVENTS = 2
    assert post(event("e1"), event("e2"), event("e3")).status_code == 400
    assert not Delivery.objects.exists()


def test_a_source_that_stumbles_refuses_and_says_so_once_in_the_log(
    post: Post, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.WEBHOOK_SOURCES = {"test": "webhooks.tests.test_receiving.STUMBLING"}
    for _ in range(3):
        assert post(event("e1"), path="/webhooks/test").status_code == 400
    assert [record.message for record in caplog.records] == ["test stumbled over a request"]
    assert RefusedCount.objects.get().reason == "error_ZeroDivisionError"


STUMBLING = Source(verify=lambda request: None, read=lambda request: [1 // 0], handlers={})  # type: ignore[list-item]  # never gets so far


def test_a_second_s_events_start_one_drain(post: Post) -> None:
    for number in range(10):
        post(event(f"e{number}"))
        waking._quiet_until.clear()  # as ten processes would
    assert [message["headers"]["task"] for message in queued()] == ["webhooks.drain"]
    assert "'is_last_look': False" in queued()[0]["headers"]["kwargsrepr"]


def test_an_event_that_was_kept_already_wakes_the_drain_too(post: Post, settings: Any) -> None:
    """The first copy may have been kept while Redis was away."""
    with no_redis(settings):
        post(event("e1"))
    assert queued() == []
    post(event("e1"))
    assert len(queued()) == 1


def test_without_redis_the_answer_is_2xx_and_fast(post: Post, settings: Any) -> None:
    """A port that nobody listens on, then an address that swallows everything."""
    for url in ("redis://127.0.0.1:9/0", "redis://127.0.0.1:9/1"):
        settings.REDIS_URL = url
        waking.forget()
        before = time.monotonic()
        assert post(event(url)).status_code == 200
        assert time.monotonic() - before < 3
    assert Delivery.objects.count() == 2


def test_a_redis_that_is_away_is_asked_once_a_second(post: Post, settings: Any) -> None:
    with no_redis(settings) as once:
        post(event("e"))
    with no_redis(settings) as phone:
        for number in range(20):
            post(event(f"e{number}"))
    assert phone.calls == once.calls > 0
    assert Delivery.objects.count() == 21


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_a_503_that_asks_for_another_try(post: Post) -> None:
    with no_database():
        answer = post(event("e1"))
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer.json()["code"] == "unavailable"


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_while_idle_is_opened_anew(post: Post) -> None:
    connection.ensure_connection()
    connection.connection.close()
    assert post(event("e1")).status_code == 200
    assert Delivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_away_is_asked_twice(post: Post) -> None:
    with no_database() as once, pytest.raises(OperationalError):
        connection.ensure_connection()
    with no_database() as phone:
        assert post(event("e1")).status_code == 503
    assert phone.calls == 2 * once.calls > 0
