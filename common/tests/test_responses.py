"""Every error has one shape, and every body a limit."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from rest_framework.test import APIClient

from common.responses import csrf_failure
from common.tests.admin_pages import superuser
from conftest import Api
from organizations.models import Membership
from organizations.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Membership:
    return MembershipFactory.create(role="member")


def _is_error(body: dict[str, object]) -> bool:
    return set(body) <= {"code", "detail", "fields"} and bool(body["code"]) and bool(body["detail"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/nothing", 404),
        ("get", "/api/nothing", 404),
        ("get", "/api/workshops/", 404),
        ("get", "/api/workshops/not-a-uuid", 404),
        ("put", "/api/workshops", 405),
        ("delete", "/api/workshops", 405),
        ("post", "/api/sync-runs", 405),
    ],
)
def test_an_error_has_the_one_shape(api: Api, member: Membership, method: str, path: str, status: int) -> None:
    answer = getattr(api(member), method)(path)
    assert answer.status_code == status
    assert _is_error(answer.json())


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ("null", "application/json", 400),
        ('"text"', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        ("title=x", "application/x-www-form-urlencoded", 415),
        ("<a/>", "application/xml", 415),
    ],
)
def test_a_body_that_is_no_json_object_is_a_4xx(
    api: Api, member: Membership, body: str | bytes, content_type: str, status: int
) -> None:
    raw = body if isinstance(body, bytes) else body.encode()
    answer = api(member).generic("POST", "/api/workshops", raw, content_type=content_type)  # type: ignore[arg-type]  # bytes that are no text, too
    assert answer.status_code == status
    assert _is_error(answer.json())


def test_who_sends_no_token_or_no_json_is_told_what_to_send(api: Api, member: Membership) -> None:
    assert "Authorization: Bearer TOKEN" in APIClient().get("/api/workshops").json()["detail"]
    form = "application/x-www-form-urlencoded"
    answer = api(member).generic("POST", "/api/workshops", "title=x", content_type=form)
    assert "Content-Type: application/json" in answer.json()["detail"]


def test_a_body_of_10_mb_is_a_413_and_nothing_is_written(api: Api, member: Membership) -> None:
    body = json.dumps({"title": "x" * 10_000_000, "starts_at": "2027-01-01T19:00:00Z"})
    client: APIClient = api(member)
    answer = client.post("/api/workshops", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert client.get("/api/workshops").json()["results"] == []


@pytest.mark.parametrize("path", ["/api/workshops", "/api/nothing", "/webhooks/nothing"])
def test_a_host_that_is_not_served_is_told_so_in_the_one_shape(path: str) -> None:
    for host in ("evil.example.com", "a b"):
        answer = Client().get(path, headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (400, "host_not_allowed")
        assert _is_error(answer.json())


def test_a_query_that_django_refuses_is_a_400_in_the_one_shape(api: Api, member: Membership) -> None:
    answer = api(member).get("/api/workshops?" + "a=1&" * 1500)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert _is_error(answer.json())


@pytest.mark.parametrize("path", ["/api/workshops", "/webhooks/gateway"])
def test_a_form_without_its_csrf_token_is_told_so_in_the_one_shape(path: str) -> None:
    answer = csrf_failure(RequestFactory().post(path), "no token")
    assert answer.status_code == 403
    assert _is_error(json.loads(answer.content))


def test_people_in_the_admin_get_a_page() -> None:
    assert b"<html" in Client().get("/admin/login/", headers={"Host": "evil.example.com"}).content
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x"})
    assert (answer.status_code, b"<html" in answer.content) == (403, True)


def _breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret of ours")


#: Our handlers, and views that break.
urlpatterns = [path("admin/breaks", _breaks), path("api/breaks", _breaks)]
handler404, handler500 = "common.responses.not_found", "common.responses.server_error"


@pytest.mark.parametrize(("place", "status"), [("nothing", 404), ("breaks", 500)])
def test_what_is_not_there_or_breaks_is_a_page_to_people_and_json_to_programs(
    settings: Any, place: str, status: int
) -> None:
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    page, answer = client.get(f"/admin/{place}"), client.get(f"/api/{place}")
    assert (page.status_code, answer.status_code) == (status, status)
    assert page.headers["Content-Type"].startswith("text/html")
    assert b"Back to the overview" in page.content
    assert _is_error(answer.json())
    assert b"secret" not in page.content + answer.content


def test_staff_get_a_page_where_nothing_is() -> None:
    answer = superuser().get("/admin/nothing/")
    assert (answer.status_code, b"This page does not exist" in answer.content) == (404, True)


@pytest.mark.parametrize("length", ["-1", "x", "1e3"])
def test_a_content_length_that_is_no_number_is_a_400(length: str) -> None:
    answer = Client().post("/api/workshops", CONTENT_LENGTH=length)
    assert answer.status_code == 400


def test_health_answers_while_the_database_does() -> None:
    answer = Client().get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_the_schema_describes_every_path_and_the_one_error() -> None:
    answer = Client().get("/api/schema", HTTP_ACCEPT="application/json")
    document = json.loads(answer.content)
    assert "Error" in document["components"]["schemas"]
    for known in ("/api/organizations", "/api/workshops/{id}/community/retry", "/api/groups/{id}/members"):
        assert known in document["paths"]


def test_the_docs_page_loads_nothing_from_elsewhere() -> None:
    answer = Client().get("/api/docs")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_cors_is_for_the_origins_of_the_setting(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    allowed = Client().options("/api/workshops", headers={"Origin": "https://app.example.com", **asked})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    refused = Client().options("/api/workshops", headers={"Origin": "https://evil.example.com", **asked})
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_every_setting_of_the_environment_is_in_the_example() -> None:
    root = Path(settings.BASE_DIR)
    example = (root / ".env.example").read_text()
    for line in (root / "config" / "env.py").read_text().splitlines():
        name = line.split(" ")[0].rstrip(":").split(":")[0]
        if name.isupper() and "_env." in line and name not in {"DEBUG", "SANDBOX_URL"}:
            assert name in example, name
