"""Who gets in, by which issuer, and who does not."""

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.utils import timezone
from jwt.algorithms import ECAlgorithm

from accounts.models import AppUser
from accounts.tests.factories import AppUserFactory
from common import tenancy
from common.tests.servers import says, server
from conftest import Api, issue_token
from organizations.models import Membership, Organization
from organizations.tests.factories import MembershipFactory, OrganizationFactory

pytestmark = pytest.mark.django_db

SUPABASE = "https://project.supabase.example/auth/v1"
SECRET = "a-shared-secret-of-at-least-32-bytes"


@pytest.fixture(autouse=True)
def _two_issuers(settings: Any) -> None:
    (clerk, facts), *_ = settings.TOKEN_ISSUERS.items()
    settings.TOKEN_ISSUERS = {
        clerk: {**facts, "azp": ["https://app.example.com"]},
        SUPABASE: {"provider": "supabase", "secret": SECRET},
    }


@pytest.fixture
def member() -> Membership:
    return MembershipFactory.create()


def supabase(member: Membership, *, secret: str = SECRET, **claims: Any) -> str:
    """A token as Supabase's auth server signs it with its shared secret."""
    now = int(time.time())
    said = {
        "iss": SUPABASE, "sub": member.user_id, "aud": "authenticated", "role": "authenticated", "iat": now,
        "exp": now + 600, "session_id": "x", "email": "ada@example.com", **claims,
    }  # fmt: skip
    return jwt.encode({name: value for name, value in said.items() if value is not None}, secret, algorithm="HS256")


def clerk(member: Membership, **wishes: Any) -> str:
    """A token as Clerk signs it, for the member's organization."""
    return issue_token(**{"sub": member.user_id, "org_id": member.organization_id, **wishes})


def claims(member: Membership, **said: Any) -> str:
    """The same with other claims."""
    return clerk(member, claims=said)


def _forged(member: Membership) -> str:
    good = clerk(member)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    headers = jwt.get_unverified_header(good)
    return jwt.encode(jwt.decode(good, options={"verify_signature": False}), stranger, "RS256", headers=headers)


def _tampered(member: Membership) -> str:
    head, _, signature = clerk(member).split(".")
    return f"{head}.{clerk(member, org_id='org_other').split('.')[1]}.{signature}"


def _ended(member: Membership) -> str:
    with tenancy.system():
        Membership.objects.filter(pk=member.pk).entomb()
    return clerk(member)


def _closed(member: Membership) -> str:
    with tenancy.system():
        Organization.with_deleted.entomb(member.organization_id)
    return clerk(member)


def _closed_alone(member: Membership) -> str:
    """Its tombstone and the member's were not written together."""
    with tenancy.system():
        Organization.objects.filter(pk=member.organization_id).update(deleted_at=timezone.now())
    return clerk(member)


def _of_no_known_role(member: Membership) -> str:
    with tenancy.system():
        Membership.objects.filter(pk=member.pk).update(role="org:billing")
    return clerk(member, org_role="org:admin")


def _deleted(member: Membership) -> str:
    AppUser.objects.filter(pk=member.user_id).update(deleted_in_auth_at=timezone.now())
    return clerk(member)


def _with_public_key(member: Membership) -> str:
    return clerk(member, alg="HS256")


Maker = Callable[[Membership], str]
#: What comes in → the status and the code that it is answered with.
REFUSED: dict[str, tuple[Maker, int, str]] = {
    "nothing": (lambda member: "", 401, "not_authenticated"),
    "no token": (lambda member: "x", 401, "token_malformed"),
    "only dots": (lambda member: "..", 401, "token_malformed"),
    "endless": (lambda member: "x" * 20_000, 401, "token_malformed"),
    "not signed": (lambda member: clerk(member, alg="none"), 401, "token_signature_invalid"),
    "signed with the public key as a secret": (_with_public_key, 401, "token_signature_invalid"),
    "another algorithm, RS512": (lambda member: clerk(member, alg="RS512"), 401, "token_signature_invalid"),
    "another algorithm, PS256": (lambda member: clerk(member, alg="PS256"), 401, "token_signature_invalid"),
    "an unknown key": (lambda member: clerk(member, key="unknown"), 401, "token_signature_invalid"),
    "a key id of nobody": (lambda member: clerk(member, kid="ins_nobody"), 401, "token_signature_invalid"),
    "forged": (_forged, 401, "token_signature_invalid"),
    "changed on the way": (_tampered, 401, "token_signature_invalid"),
    "expired": (lambda member: clerk(member, expires_in=-60), 401, "token_expired"),
    "not valid yet": (lambda member: claims(member, nbf=int(time.time()) + 3600), 401, "token_not_yet_valid"),
    "issued in the future": (lambda member: claims(member, iat=int(time.time()) + 3600), 401, "token_not_yet_valid"),
    "of another issuer": (lambda member: claims(member, iss="https://evil.example"), 401, "token_issuer_unknown"),
    "of no issuer": (lambda member: claims(member, iss=None), 401, "token_issuer_unknown"),
    "without an end": (lambda member: claims(member, exp=None), 401, "token_claims_missing"),
    "without a session": (lambda member: claims(member, sid=None), 401, "token_claims_missing"),
    "without a beginning": (lambda member: claims(member, nbf=None), 401, "token_claims_missing"),
    "of nobody": (lambda member: claims(member, sub=None), 401, "token_claims_missing"),
    "of an empty name": (lambda member: claims(member, sub=""), 401, "token_claims_missing"),
    "of a number": (lambda member: claims(member, sub=7), 401, "token_malformed"),
    "of what cannot be stored": (lambda member: claims(member, sub="user_\x00"), 401, "token_malformed"),
    "with an end that is no time": (lambda member: claims(member, exp="soon"), 401, "token_malformed"),
    "of a pending session": (lambda member: claims(member, sts="pending"), 401, "token_pending"),
    "of another application": (
        lambda member: claims(member, azp="https://evil.example"), 401, "token_party_not_allowed"
    ),
    "of a deleted account": (_deleted, 401, "account_deleted"),
    "of somebody unknown": (lambda member: clerk(member, sub="user_nobody"), 403, "app_user_missing"),
    "without an organization": (lambda member: issue_token(member.user_id), 400, "organization_required"),
    "with a number for one": (lambda member: claims(member, o={"id": 7}), 400, "organization_required"),
    "for an organization of others": (
        lambda member: clerk(member, org_id=OrganizationFactory.create().pk), 404, "organization_not_found"
    ),
    "for no organization of ours": (lambda member: clerk(member, org_id="org_none"), 404, "organization_not_found"),
    "for one that is left": (_ended, 404, "organization_not_found"),
    "for one that is closed": (_closed, 404, "organization_not_found"),
    "for one that is closed, by half": (_closed_alone, 404, "organization_not_found"),
    "with a role that we do not know": (_of_no_known_role, 403, "role_forbids"),
    "Supabase: a wrong secret": (lambda member: supabase(member, secret="x" * 40), 401, "token_signature_invalid"),
    "Supabase: expired": (lambda member: supabase(member, exp=int(time.time()) - 60), 401, "token_expired"),
    "Supabase: the project's own key": (
        lambda member: supabase(member, role="service_role"), 401, "token_role_wrong"
    ),
    "Supabase: for somebody else": (lambda member: supabase(member, aud="anon"), 401, "token_audience_wrong"),
    "Supabase: without an audience": (lambda member: supabase(member, aud=None), 401, "token_claims_missing"),
    "Supabase: of nobody": (lambda member: supabase(member, sub=None), 401, "token_claims_missing"),
    "Supabase: signed by Clerk": (lambda member: claims(member, iss=SUPABASE), 401, "token_signature_invalid"),
    "Clerk: signed with Supabase's secret": (
        lambda member: supabase(member, iss=jwt.decode(clerk(member), options={"verify_signature": False})["iss"]),
        401, "token_signature_invalid",
    ),
    "Supabase: without an organization": (supabase, 400, "organization_required"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_opens_nothing_and_is_told_why(api: Api, member: Membership, case: str) -> None:
    make, status, code = REFUSED[case]
    client = api(token=make(member))
    for path in ("/api/workshops", "/api/groups"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (status, code), path
    assert client.post("/api/workshops", {"title": "x"}, format="json").status_code == status


def test_the_table_is_long_enough() -> None:
    assert len(REFUSED) >= 25


@pytest.mark.parametrize("version", [1, 2])
def test_a_good_token_of_clerk_opens_its_organization(api: Api, member: Membership, version: int) -> None:
    token = clerk(member, version=version, claims={"azp": "https://app.example.com"})
    assert api(token=token).get("/api/workshops").status_code == 200


def test_a_good_token_of_supabase_opens_the_organization_that_the_header_names(api: Api, member: Membership) -> None:
    client = api(token=supabase(member))
    assert client.get("/api/workshops", HTTP_X_ORGANIZATION=member.organization_id).status_code == 200
    other = OrganizationFactory.create()
    assert client.get("/api/workshops", HTTP_X_ORGANIZATION=other.pk).status_code == 404


def test_an_issuer_may_sign_with_an_elliptic_curve(api: Api, member: Membership, settings: Any) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "ec1", "use": "sig", "alg": "ES256"}
    with server(says(200, json.dumps({"keys": [public]}))) as url:
        settings.TOKEN_ISSUERS = {SUPABASE: {"provider": "supabase", "jwks_url": url}}
        said = jwt.decode(supabase(member), options={"verify_signature": False})
        token = jwt.encode(said, key, algorithm="ES256", headers={"kid": "ec1"})
        client = api(token=token)
        assert client.get("/api/workshops", HTTP_X_ORGANIZATION=member.organization_id).status_code == 200
    assert api(token=supabase(member)).get("/api/workshops").json()["code"] == "token_signature_invalid"


def test_permissions_follow_at_the_next_request_and_not_at_the_next_token(api: Api, member: Membership) -> None:
    client = api(token=clerk(member))
    path = f"/api/organizations/{member.organization_id}"
    assert client.patch(path, {"timezone": "UTC"}, format="json").status_code == 200
    with tenancy.system():
        Membership.objects.filter(pk=member.pk).update(role="viewer")
    assert client.patch(path, {"timezone": "UTC"}, format="json").status_code == 403
    with tenancy.system():
        Membership.objects.filter(pk=member.pk).update(role="admin")
    assert client.patch(path, {"timezone": "UTC"}, format="json").status_code == 200


def test_a_person_without_any_organization_has_an_empty_list(api: Api) -> None:
    user = AppUserFactory.create()
    assert api(token=issue_token(user.pk)).get("/api/organizations").json()["results"] == []
