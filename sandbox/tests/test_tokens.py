import time
from typing import Any

import jwt
import pytest
import requests

from sandbox.client import Sandbox, SandboxError


def _key_set(sandbox: Sandbox) -> jwt.PyJWKSet:
    return jwt.PyJWKSet.from_dict(requests.get(sandbox.jwks_url, timeout=5).json())


def _verified(sandbox: Sandbox, token: str) -> dict[str, Any]:
    """What a careful verifier reads."""
    key = _key_set(sandbox)[jwt.get_unverified_header(token)["kid"]]
    required = ["exp", "iat", "nbf", "iss", "sub", "sid"]
    return jwt.decode(token, key, algorithms=["RS256"], issuer=sandbox.issuer, options={"require": required})


def _unverified(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def test_a_token_of_version_2_is_verified_by_the_key_set(sandbox: Sandbox) -> None:
    token = sandbox.issue_token("user_1", org_id="org_1", org_role="org:admin", org_slug="clay")
    claims = _verified(sandbox, token)
    assert (claims["sub"], claims["v"], claims["sts"]) == ("user_1", 2, "active")
    assert claims["o"] == {"id": "org_1", "rol": "admin", "slg": "clay"}
    assert claims["sid"].startswith("sess_")
    assert claims["exp"] - claims["iat"] == 60
    assert claims["iat"] - claims["nbf"] == 10
    assert "org_id" not in claims


def test_a_token_of_version_1_has_flat_claims(sandbox: Sandbox) -> None:
    token = sandbox.issue_token("user_1", org_id="org_1", org_role="org:admin", org_slug="clay", version=1)
    claims = _verified(sandbox, token)
    assert (claims["org_id"], claims["org_role"], claims["org_slug"]) == ("org_1", "org:admin", "clay")
    assert not {"o", "v"} & set(claims)


@pytest.mark.parametrize("version", [1, 2])
def test_a_token_without_an_organization_names_none(sandbox: Sandbox, version: int) -> None:
    claims = _verified(sandbox, sandbox.issue_token("user_1", version=version))
    assert not {"o", "org_id", "org_role"} & set(claims)


def test_claims_are_replaced_added_and_removed(sandbox: Sandbox) -> None:
    wishes = {"iss": "https://elsewhere", "azp": "http://localhost:3000", "sid": None, "sts": "pending"}
    claims = _unverified(sandbox.issue_token("user_1", claims=wishes))
    assert (claims["iss"], claims["azp"], claims["sts"]) == ("https://elsewhere", "http://localhost:3000", "pending")
    assert "sid" not in claims


def test_a_token_may_have_expired(sandbox: Sandbox) -> None:
    token = sandbox.issue_token("user_1", expires_in=-30)
    with pytest.raises(jwt.ExpiredSignatureError):
        _verified(sandbox, token)
    claims = _unverified(token)
    assert claims["nbf"] < claims["iat"] < claims["exp"] < time.time() - 25


def test_a_token_may_live_longer(sandbox: Sandbox) -> None:
    claims = _verified(sandbox, sandbox.issue_token("user_1", expires_in=3600))
    assert claims["exp"] - claims["iat"] == 3600


def test_a_token_of_an_unknown_key_is_in_no_key_set(sandbox: Sandbox) -> None:
    token = sandbox.issue_token("user_1", key="unknown")
    with pytest.raises(KeyError):
        _verified(sandbox, token)


def test_a_forged_token_names_the_right_key_and_is_signed_with_another(sandbox: Sandbox) -> None:
    kid = requests.get(sandbox.jwks_url, timeout=5).json()["keys"][0]["kid"]
    with pytest.raises(jwt.InvalidSignatureError):
        _verified(sandbox, sandbox.issue_token("user_1", key="unknown", kid=kid))


@pytest.mark.parametrize("alg", ["none", "HS256", "RS384", "PS256"])
def test_a_token_of_another_algorithm_is_made_for_verifiers_to_refuse(sandbox: Sandbox, alg: str) -> None:
    token = sandbox.issue_token("user_1", alg=alg)
    assert jwt.get_unverified_header(token)["alg"] == alg
    assert _unverified(token)["sub"] == "user_1"
    with pytest.raises(jwt.InvalidAlgorithmError):
        _verified(sandbox, token)


def test_after_a_rotation_old_and_new_tokens_are_good(sandbox: Sandbox) -> None:
    old = sandbox.issue_token("user_1")
    kid = sandbox.rotate_key()
    new = sandbox.issue_token("user_1")
    assert jwt.get_unverified_header(new)["kid"] == kid != jwt.get_unverified_header(old)["kid"]
    assert _verified(sandbox, old)["sub"] == _verified(sandbox, new)["sub"] == "user_1"
    assert jwt.get_unverified_header(sandbox.issue_token("user_1", key="previous")) == jwt.get_unverified_header(old)


def test_a_rotation_may_drop_the_old_keys(sandbox: Sandbox) -> None:
    old = sandbox.issue_token("user_1")
    kid = sandbox.rotate_key(keep_old=False)
    assert [key.key_id for key in _key_set(sandbox).keys] == [kid]
    with pytest.raises(KeyError):
        _verified(sandbox, old)


def test_the_keys_outlive_a_reset(sandbox: Sandbox) -> None:
    token = sandbox.issue_token("user_1")
    sandbox.reset()
    assert _verified(sandbox, token)["sub"] == "user_1"


def test_the_issuer_is_the_address_that_was_called(sandbox: Sandbox) -> None:
    port = sandbox.base_url.rsplit(":", 1)[1]
    other = Sandbox(f"http://localhost:{port}")
    assert _unverified(other.issue_token("user_1"))["iss"] == f"http://localhost:{port}/clerk"


@pytest.mark.parametrize(
    "wishes",
    [
        {"version": 3},
        {"alg": "ES256"},
        {"key": "stolen"},
        {"claims": []},
        {"expires_in": "60"},
        {"org": "x"},
        {"org_id": 5},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(sandbox: Sandbox, wishes: dict[str, object]) -> None:
    with pytest.raises(SandboxError, match="bad_input"):
        sandbox.issue_token("user_1", **wishes)


def test_a_token_needs_a_subject(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="sub is missing"):
        sandbox.issue_token("")
