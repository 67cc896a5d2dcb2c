"""The keys of an issuer: cached, refetched when one is unknown, kept while the issuer is away."""

import jwt
import pytest
import requests

from accounts.tokens import KeySet, KeysUnavailable
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
