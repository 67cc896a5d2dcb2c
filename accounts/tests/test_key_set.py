"""The keys of an issuer: cached, refetched when one is unknown, kept while the issuer is away."""

import json
from typing import Any

import jwt
import pytest
import requests

from accounts.keys import KeySet, KeysUnavailable
from common.tests.servers import says, server
from sandbox.client import Sandbox


def _kid(sandbox: Sandbox) -> str:
    return str(jwt.get_unverified_header(sandbox.issue_token("user_a"))["kid"])


def _fetches(sandbox: Sandbox) -> int:
    return len(sandbox.journal(service="clerk", operation="jwks"))


def test_keys_are_fetched_once_and_cached(sandbox: Sandbox) -> None:
    keys = KeySet(sandbox.jwks_url)
    for _ in range(5):
        assert keys.key(_kid(sandbox)) is not None
    assert _fetches(sandbox) == 1


def test_a_new_key_is_found_by_fetching_again(sandbox: Sandbox) -> None:
    keys = KeySet(sandbox.jwks_url, cooldown=0)
    assert keys.key(_kid(sandbox)) is not None
    new = sandbox.rotate_key()
    assert keys.key(new) is not None
    assert _fetches(sandbox) == 2


def test_unknown_keys_do_not_make_us_fetch_for_each_of_them(sandbox: Sandbox) -> None:
    keys = KeySet(sandbox.jwks_url)
    for number in range(20):
        assert keys.key(f"forged_{number}") is None
    assert _fetches(sandbox) == 1


@pytest.mark.parametrize("kind", ["status", "html", "null", "garbage", "reset"])
def test_old_keys_serve_on_while_the_issuer_is_away(sandbox: Sandbox, kind: str) -> None:
    keys = KeySet(sandbox.jwks_url, cooldown=0)
    kid = _kid(sandbox)
    assert keys.key(kid) is not None
    sandbox.add_fault("jwks", kind, service="clerk", times=None)
    assert keys.key("unknown") is None
    assert keys.key(kid) is not None


def test_without_any_keys_it_is_our_trouble_and_not_the_callers(sandbox: Sandbox) -> None:
    with pytest.raises(KeysUnavailable):
        KeySet("http://127.0.0.1:9/jwks").key("any")
    assert requests.get(sandbox.jwks_url, timeout=5).ok


def _public_keys(sandbox: Sandbox) -> list[dict[str, Any]]:
    return list(requests.get(sandbox.jwks_url, timeout=5).json()["keys"])


DAMAGE: list[Any] = [
    {"n": "!"},
    {"n": ""},
    {"n": "AQ"},
    {"n": None},
    {"n": 5},
    {"e": "é"},
    {"e": "AA"},
    {"e": []},
    {"kid": None},
    {"kid": ["a"]},
    {"kty": "EC"},
    {"kty": None},
    {"use": "enc"},
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_one_bad_key_leaves_the_others(sandbox: Sandbox, damage: dict[str, Any]) -> None:
    good = _public_keys(sandbox)
    document: dict[str, Any] = {"keys": [{**good[0], "kid": "bad", **damage}, None, "key", [], {}, *good]}
    sandbox.add_fault("jwks", "status", service="clerk", code=200, body=json.dumps(document))
    keys = KeySet(sandbox.jwks_url)
    assert keys.key(_kid(sandbox)) is not None
    assert keys.key("bad") is None


def test_a_key_without_a_use_is_for_signatures(sandbox: Sandbox) -> None:
    document = {"keys": [{name: key[name] for name in ("kty", "kid", "n", "e")} for key in _public_keys(sandbox)]}
    sandbox.add_fault("jwks", "status", service="clerk", code=200, body=json.dumps(document))
    assert KeySet(sandbox.jwks_url).key(_kid(sandbox)) is not None


@pytest.mark.parametrize("body", ["[" * 100_000, '{"keys": {}}', '{"keys": []}', "[]", "9" * 5000])
def test_a_document_without_keys_is_no_key_set(body: str) -> None:
    with server(says(200, body)) as url, pytest.raises(KeysUnavailable):
        KeySet(url).key("any")
