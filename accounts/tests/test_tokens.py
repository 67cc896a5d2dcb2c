"""Session tokens: what opens the API, and what each bad one is told."""

import base64
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

from accounts.tests.factories import AppUserFactory
from conftest import Api, issue_token
from organizations.models import Membership
from organizations.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def membership() -> Membership:
    return MembershipFactory.create()


@pytest.mark.parametrize("version", [1, 2])
def test_a_good_token_of_either_version_opens_the_api(api: Api, membership: Membership, version: int) -> None:
    token = issue_token(membership.user_id, org_id=membership.organization_id, version=version)
    assert api(token=token).get("/api/workshops").status_code == 200


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"expires_in": -60}, "token_expired"),
        ({"claims": {"iss": "https://somebody.else"}}, "token_issuer_unknown"),
        ({"claims": {"iss": None}}, "token_issuer_unknown"),
        ({"claims": {"nbf": int(time.time()) + 3600}}, "token_not_yet_valid"),
        ({"claims": {"sid": None}}, "token_claims_missing"),
        ({"claims": {"exp": None}}, "token_claims_missing"),
        ({"claims": {"iat": None}}, "token_claims_missing"),
        ({"claims": {"sts": "pending"}}, "token_pending"),
        ({"sub": "user_\x00"}, "token_malformed"),
        ({"sub": "user_\ud800"}, "token_malformed"),
        ({"org_id": "org_\x00"}, "token_malformed"),
        ({"org_id": "org_\x00", "version": 1}, "token_malformed"),
        ({"org_id": "org_\ud800"}, "token_malformed"),
        ({"claims": {"sub": 5}}, "token_malformed"),
        ({"claims": {"sub": None}}, "token_claims_missing"),
        ({"claims": {"sub": ""}}, "token_claims_missing"),
        ({"claims": {"exp": "soon"}}, "token_malformed"),
        ({"claims": {"nested": [{"\x00": 1}]}}, "token_malformed"),
        ({"key": "unknown"}, "token_signature_invalid"),
    ],
)
def test_a_bad_token_is_a_401_that_says_why(
    api: Api, membership: Membership, wishes: dict[str, Any], code: str
) -> None:
    token = issue_token(**{"sub": membership.user_id, "org_id": membership.organization_id, **wishes})
    answer = api(token=token).get("/api/workshops")
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


DEEP = base64.urlsafe_b64encode(b"[" * 10_000).decode().rstrip("=")
HEADER = base64.urlsafe_b64encode(b'{"alg": "RS256", "kid": "a"}').decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        "x", "a.b.c", "....", "é", "eyJhbGciOiJub25lIn0.e30.", "x" * 20_000, "null", f"{DEEP}.e30.e30",
        f"{HEADER}.{DEEP}.e30",
    ],
)  # fmt: skip
def test_what_is_no_token_is_a_401(api: Api, token: str) -> None:
    answer = api(token=token).get("/api/workshops")
    refusals = ("token_malformed", "token_signature_invalid", "token_issuer_unknown")
    assert answer.status_code == 401
    assert answer.json()["code"] in refusals


def test_a_token_signed_by_a_stranger_with_the_right_key_id_is_refused(api: Api, membership: Membership) -> None:
    good = issue_token(membership.user_id, org_id=membership.organization_id)
    claims = jwt.decode(good, options={"verify_signature": False})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode(claims, stranger, algorithm="RS256", headers=jwt.get_unverified_header(good))
    answer = api(token=forged).get("/api/workshops")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_signature_invalid")


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_another_algorithm_is_refused(api: Api, membership: Membership, algorithm: str) -> None:
    good = issue_token(membership.user_id, org_id=membership.organization_id)
    claims = jwt.decode(good, options={"verify_signature": False})
    key = "x" * 64 if algorithm == "HS256" else None
    forged = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": jwt.get_unverified_header(good)["kid"]})  # type: ignore[arg-type]  # "none" has no key
    answer = api(token=forged).get("/api/workshops")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_signature_invalid")


def test_a_token_for_another_application_is_refused_where_the_setting_names_them(
    api: Api, membership: Membership, settings: Any
) -> None:
    issuer, facts = next(iter(settings.TOKEN_ISSUERS.items()))
    settings.TOKEN_ISSUERS = {issuer: {**facts, "azp": ["https://app.example.com"]}}
    wishes = {"sub": membership.user_id, "org_id": membership.organization_id}
    allowed = issue_token(**wishes, claims={"azp": "https://app.example.com"})
    assert api(token=allowed).get("/api/workshops").status_code == 200
    other = issue_token(**wishes, claims={"azp": "https://evil.example.com"})
    assert api(token=other).get("/api/workshops").json()["code"] == "token_party_not_allowed"


def test_no_token_is_a_401(api: Api) -> None:
    answer = api().get("/api/workshops")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_person_we_do_not_know_is_told_to_sync(api: Api) -> None:
    answer = api(token=issue_token("user_unknown", org_id="org_x")).get("/api/workshops")
    assert (answer.status_code, answer.json()["code"]) == (403, "app_user_missing")


def test_an_organization_that_is_no_text_is_none(api: Api) -> None:
    user = AppUserFactory.create()
    token = issue_token(user.pk, claims={"o": {"id": 7}, "org_id": None})
    assert api(token=token).get("/api/workshops").json()["code"] == "organization_required"


def test_the_settings_name_the_sandbox_as_issuer() -> None:
    assert list(settings.TOKEN_ISSUERS) == [f"{settings.SANDBOX_URL}/clerk"]
