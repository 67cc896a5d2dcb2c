"""Whatever is sent to the API, the answer is a decision of ours and never a 500."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from conftest import Api, issue_token
from organizations.models import Membership
from organizations.tests.factories import MembershipFactory
from sandbox.client import Sandbox
from whatsapp.tests.factories import GroupMemberFactory, SyncRunFactory
from workshops.tests.factories import CommunityFactory, StandaloneFactory, workshop_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Membership:
    return MembershipFactory.create(role="owner")


@pytest.fixture
def client(api: Api, owner: Membership) -> APIClient:
    """Who may do everything."""
    return _answering(api(owner))


def _answering(client: APIClient) -> APIClient:
    """An error of ours is an answer here, as it is outside of tests."""
    client.raise_request_exception = False
    return client


def _cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


KEY = "5a8362e5-d479-4f49-87c6-42e6cbce9831"


@pytest.mark.parametrize(
    "value",
    [
        None, 5, [], [None, None], ["2026-01-01T00:00:00Z", None], [None, KEY], [1, 2], [True, KEY], [{}, []],
        ["0001-01-01T00:00:00+23:59", KEY], ["9999-12-31T23:59:59-23:59", KEY], ["2026-01-01T00:00:00", KEY],
        ["2026-01-01", KEY], ["2026-01-01T00:00:00Z", "x"], ["2026-01-01T00:00:00Z", 5], ["\x00", KEY],
    ],
)  # fmt: skip
def test_a_cursor_that_is_not_ours_is_a_400(client: APIClient, value: Any) -> None:
    answer = client.get(f"/api/workshops?cursor={_cursor(value)}")
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {"cursor"})


def test_a_cursor_with_another_offset_is_the_same_moment(client: APIClient) -> None:
    assert client.get(f"/api/workshops?cursor={_cursor(['2026-01-01T00:00:00+15:59', KEY])}").status_code == 200


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("workshops", {"search": "\x00"}, "search"),
        ("workshops", {"community_status": "\x00"}, "community_status"),
        ("workshops", {"starts_after": "\x00"}, "starts_after"),
        ("workshops", {"starts_after": "0001-01-01T00:00:00+23:59"}, "starts_after"),
        ("workshops", {"starts_before": "9999-12-31T23:59:59-23:59"}, "starts_before"),
        ("workshops", {"starts_before": "99999-01-01"}, "starts_before"),
        ("workshops", {"page_size": "9" * 5000}, "page_size"),
        ("workshops", {"page_size": "²"}, "page_size"),
        ("groups", {"session": "\x00"}, "session"),
        ("groups", {"kind": "\x00"}, "kind"),
        ("sessions", {"status": "\x00"}, "status"),
        ("sync-runs", {"group": "\x00"}, "group"),
        ("sync-runs", {"status": "\x00"}, "status"),
    ],
)
def test_a_bad_filter_is_named(client: APIClient, path: str, query: dict[str, str], field: str) -> None:
    answer = client.get(f"/api/{path}?{urlencode(query)}")
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {field})


@pytest.mark.parametrize("offset", ["+15:59", "+23:59", "-23:59"])
def test_a_moment_of_any_offset_is_a_moment(client: APIClient, offset: str) -> None:
    query = urlencode({"starts_after": f"2026-01-01T00:00:00{offset}"})
    assert client.get(f"/api/workshops?{query}").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000, '{"title":' * 100_000, '{"title": NaN}', '{"title": Infinity}', "9" * 5000,
        '{"title": %s}' % ("9" * 5000), '"\\ud800"', "\ufeff{}",
    ],
    ids=["deep list", "deep object", "NaN", "Infinity", "huge", "huge title", "surrogate", "byte order mark"],
)  # fmt: skip
def test_a_body_beyond_reading_is_a_400(client: APIClient, body: str) -> None:
    answer = client.generic("POST", "/api/workshops", body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (r'{"title": "\ud800"}', "title"),
        (r'{"title": "\u0000"}', "title"),
        (r'{"starts_at": "\udfff"}', "starts_at"),
        (r'{"description": ["a", {"b": "\ud800"}]}', "description.1.b"),
        (r'{"title": {"\u0000": 1}}', "title"),
        (r'{"\ud800": 1}', "non_field_errors"),
    ],
)
def test_a_text_that_cannot_be_stored_is_named(client: APIClient, text: str, field: str) -> None:
    answer = client.generic("POST", "/api/workshops", text, content_type="application/json")
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {field})


def test_a_whole_pair_of_surrogates_is_a_character(client: APIClient) -> None:
    body = r'{"title": "\ud83d\ude00", "starts_at": "2027-02-04T19:00:00Z"}'
    answer = client.generic("POST", "/api/workshops", body, content_type="application/json")
    assert (answer.status_code, answer.json()["title"]) == (201, "😀")


@pytest.mark.parametrize("path", ["workshops", "workshops/x", "organizations", "groups/x/members"])
def test_options_are_for_cors_only(client: APIClient, path: str) -> None:
    assert client.options(f"/api/{path}").status_code == 405


@pytest.mark.parametrize("path", ["%00", "%00/members", "org%00", "%ED%A0%80"])
def test_an_organization_that_cannot_be_is_a_404(client: APIClient, path: str) -> None:
    answer = client.get(f"/api/organizations/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "organization_not_found")


def test_an_organization_that_cannot_be_is_a_404_in_the_header_too(api: Api, owner: Membership) -> None:
    client = _answering(api(token=issue_token(owner.user_id)))
    answer = client.get("/api/workshops", headers={"X-Organization": "org\x00"})
    assert (answer.status_code, answer.json()["code"]) == (404, "organization_not_found")


def test_a_content_length_of_thousands_of_digits_is_too_large() -> None:
    assert Client().post("/api/workshops", CONTENT_LENGTH="9" * 5000).status_code == 413


MOMENTS = ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-13-45", "2026-01-01T00:00:00", "24:00"]
TEXTS = st.sampled_from(
    ["\x00", "\ud800", "٣", "²", "9" * 5000, "-1", "1e999", "{x}", "{", "true", "null", KEY, "Mars/Base", *MOMENTS]
) | st.text(st.characters(codec=None), max_size=20)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
CURSORS = st.tuples(st.sampled_from(MOMENTS) | LEAVES, st.just(KEY) | LEAVES).map(_cursor) | TEXTS

Attempt = Callable[..., None]


@pytest.fixture
def document() -> dict[str, Any]:
    """The OpenAPI document: every path, method, filter and field there is."""
    answer = Client().get("/api/schema", headers={"Accept": "application/json"})
    found: dict[str, Any] = json.loads(answer.content)
    return found


@pytest.fixture
def keys(owner: Membership) -> st.SearchStrategy[str]:
    """What may stand in a path: ids of rows that are there, and junk."""
    organization = owner.organization
    member = GroupMemberFactory.create(organization=organization)
    run = SyncRunFactory.create(organization=organization, group=member.group)
    workshop = workshop_of(CommunityFactory.create(organization=organization))
    community = StandaloneFactory.create(organization=organization)
    rows = [member.group.pk, member.group.session_id, run.pk, workshop.pk, community.pk]
    return st.sampled_from([organization.pk, *map(str, rows)]) | TEXTS


@pytest.fixture
def attempt(client: APIClient, sandbox: Sandbox) -> Attempt:
    """Send it, whatever it is."""

    def send(method: str, path: str, key: str, *, query: dict[str, str] | None = None, body: Any = "") -> None:
        url = path.replace("{id}", quote(key, safe="", errors="surrogatepass"))
        url += "?" + urlencode(query or {}, errors="surrogatepass")
        answer = client.generic(method.upper(), url, body, content_type="application/json")
        assert answer.status_code != 500

    return send


def _junk(examples: int) -> settings:
    """The same examples in each run."""
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def test_no_path_and_no_query_is_a_500(
    attempt: Attempt, document: dict[str, Any], keys: st.SearchStrategy[str]
) -> None:
    reads = {path: methods["get"] for path, methods in document["paths"].items() if "get" in methods}
    filters = [
        (path, row["name"])
        for path, read in reads.items()
        for row in read.get("parameters", [])
        if row["in"] == "query"
    ]

    @_junk(300)
    @given(st.sampled_from(filters), keys, TEXTS, CURSORS)
    def read(target: tuple[str, str], key: str, text: str, cursor: str) -> None:
        path, name = target
        attempt("get", path, key, query={name: cursor if name == "cursor" else text})

    @_junk(100)
    @given(st.sampled_from(sorted(path for path in reads if "{id}" in path)), keys)
    def read_one(path: str, key: str) -> None:
        attempt("get", path, key)

    read()
    read_one()


def test_no_body_is_a_500(attempt: Attempt, document: dict[str, Any], keys: st.SearchStrategy[str]) -> None:
    shapes = document["components"]["schemas"].values()
    names = st.sampled_from(sorted({name for shape in shapes for name in shape.get("properties", [])}))
    values = LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(names | TEXTS, LEAVES, max_size=3)
    bodies = st.dictionaries(names, values, max_size=5).map(json.dumps) | values.map(json.dumps) | st.binary()
    writes = [(path, method) for path, methods in document["paths"].items() for method in methods if method != "get"]

    @_junk(300)
    @given(st.sampled_from(writes), keys, bodies)
    def write(target: tuple[str, str], key: str, body: str | bytes) -> None:
        path, method = target
        attempt(method, path, key, body=body)

    write()
