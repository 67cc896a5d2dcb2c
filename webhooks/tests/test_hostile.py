"""Whatever is thrown at the door: a 4xx that stores nothing, or a 2xx that stores what PostgreSQL can hold."""

import json
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from webhooks import cleaning, sources
from webhooks.models import Delivery, RefusedCount
from webhooks.tests import source
from webhooks.tests.conftest import Post
from webhooks.tests.source import event

pytestmark = pytest.mark.django_db

MANY = settings(
    max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
HEADER_TEXT = st.text(st.characters(max_codepoint=255), max_size=200)
PATHS = st.sampled_from([source.PATH, "/webhooks/test", "/webhooks/other/main", source.PATH + "/%00/%ff"])
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@MANY
@given(
    body=st.binary(max_size=300),
    given=st.one_of(st.none(), HEADER_TEXT, st.text("0123456789abcdef", min_size=64, max_size=64)),
    path=PATHS,
)
@example(body=b"{}", given="é" * 64, path=source.PATH)
@example(body=b"{}", given="\x00", path=source.PATH)
@example(body=b"{}", given="a" * 100_000, path=source.PATH)
@example(body=b"{}", given="sha256=" + "0" * 64, path=source.PATH)
def test_f35_a_thousand_forgeries_are_refused_with_4xx_and_store_nothing(
    post: Post, body: bytes, given: str | None, path: str
) -> None:
    """Fails without `.encode("utf-8", "surrogatepass")` in `signatures._is_same`: text would have to be ASCII."""
    answer = post(body=body, path=path, headers={} if given is None else {source.HEADER: given})
    assert answer.status_code in (400, 401, 404), answer.status_code
    assert set(answer.json()) == {"code", "detail"}
    assert not Delivery.objects.exists()


def test_f35_forgeries_make_one_line_of_log_for_each_reason(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """Fails without `is_news` in `refusals.count`."""
    for _ in range(50):
        assert post(event("e1"), headers={source.HEADER: "é\x80"}).status_code == 401
        assert post(event("e1"), headers={}).status_code == 401
    assert len(caplog.records) == 2
    assert dict(RefusedCount.objects.values_list("reason", "number")) == {"wrong_signature": 50, "no_signature": 50}


@MANY
@given(found=ANYTHING, key=st.text(st.characters(exclude_categories=[]), max_size=300))
@example(found="\x00\ud800\udfff", key="\x00")
@example(found=float("nan"), key="\ud800")
@example(found=10**4299, key="k" * 5000)
@example(found={"\x00": {"\ud800": [float("inf")]}}, key="")
def test_whatever_the_sender_signs_is_stored_and_can_be_read(post: Post, found: Any, key: str) -> None:
    body = json.dumps({"events": [{"id": key, "type": key, "organization": key, "found": found}]}).encode()
    answer = post(body=body)
    if answer.status_code == 400:
        assert not Delivery.objects.exists()
        assert "NaN" in body.decode() or "Infinity" in body.decode()
        return
    assert answer.json() == {"received": 1}
    stored = Delivery.objects.get()
    assert "found" in stored.payload
    stored.delete()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{",
        b"\xff\xfe\x00",
        b'{"events": NaN}',
        b'{"events": [{"id": -Infinity}]}',
        b'{"events": "many"}',
        b'{"events": [1]}',
        b'{"events": [{"id": ' + b"9" * 5000 + b"}]}",
        b'{"events": [{"found": ' + b"[" * 100 + b"]" * 100 + b"}]}",
        b"[" * 100_000,
        b'{"events":' * 50_000,
    ],
    ids=lambda body: str(body[:20]),
)
def test_a_signed_body_that_cannot_be_read_is_a_400(post: Post, body: bytes) -> None:
    assert post(body=body).status_code == 400
    assert not Delivery.objects.exists()
    assert RefusedCount.objects.get().source == "test"


def test_numbers_beyond_a_float_are_kept_as_text(post: Post) -> None:
    assert post(body=b'{"events": [{"id": "e1", "big": 1e999, "small": 1e-999, "large": 1e308}]}').status_code == 200
    assert Delivery.objects.get().payload["big"] == "inf"


def test_of_repeated_keys_the_last_is_kept(post: Post) -> None:
    assert post(body=b'{"events": [{"id": "a", "id": "b"}]}').status_code == 200
    assert Delivery.objects.get().dedupe_key == "b"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_outside_of_the_calendar_is_left_out(post: Post, at: str) -> None:
    assert post(event("e1", at=at)).status_code == 200
    assert Delivery.objects.get().occurred_at is None


def test_a_moment_that_is_none_is_a_400(post: Post) -> None:
    assert post(event("e1", at="yesterday")).status_code == 400


def test_keys_that_differ_in_what_cannot_be_stored_stay_different() -> None:
    keys = ["a\0", "a\ufffd", "a\ud800", "a", "b" * 201, "b" * 202, ""]
    stored = {cleaning.storable("test", sources.Event("t", key, {}), ()).dedupe_key for key in keys}
    assert len(stored) == len(keys)


@given(st.text(st.characters(exclude_categories=[])))
def test_text_that_can_be_stored_is_left_as_it_is(found: str) -> None:
    cleaned = cleaning.text(found)
    cleaned.encode()
    assert "\0" not in cleaned
    if set(found) <= set(string.printable):
        assert cleaned == found
