"""The public keys of issuers (JWKS, RFC 7517)."""

import json
import threading
import time
from functools import lru_cache
from typing import Any

import jwt

from common import vendors
from common.errors import DomainError

_FRESH_SECONDS = 600.0
#: Key type → the members of a public key, and the algorithm that it verifies. EC means the curve P-256.
_KINDS = {"RSA": (("kty", "kid", "n", "e"), "RS256"), "EC": (("kty", "kid", "crv", "x", "y"), "ES256")}


class KeysUnavailable(DomainError):
    """The issuer's keys were never fetched and cannot be fetched now."""

    code = "issuer_unavailable"
    status = 503
    message = "The sign-in service cannot be reached. Try again shortly."


class KeySet:
    """
    The public keys of one issuer, cached for 10 minutes.

    An unknown `kid` refetches, at most once in `cooldown` seconds; when the issuer is away, the old keys serve on.
    """

    def __init__(self, url: str, *, cooldown: float = 10.0) -> None:
        self._url, self._cooldown = url, cooldown
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def key(self, kid: str) -> jwt.PyJWK | None:
        """The key called `kid`, or None. :raises KeysUnavailable:"""
        now = time.monotonic()
        is_stale = now - self._fetched_at > _FRESH_SECONDS
        if (is_stale or kid not in self._keys) and now - self._tried_at > self._cooldown:
            with self._lock:
                if now - self._tried_at > self._cooldown:
                    self._refresh()
        if self._fetched_at == float("-inf"):
            raise KeysUnavailable
        return self._keys.get(kid)

    def _refresh(self) -> None:
        try:
            answer = vendors.call("GET", self._url, headers={"Accept": "application/json"}, timeout=3.0)
            document = json.loads(answer.body) if answer.status == 200 else None
        except (vendors.NotSent, vendors.Broken, ValueError, RecursionError):
            document = None
        if keys := _signing_keys(document):
            self._keys, self._fetched_at = keys, time.monotonic()
        self._tried_at = time.monotonic()


@lru_cache(maxsize=32)
def key_set(url: str) -> KeySet:
    """The one key set at an address."""
    return KeySet(url)


def _signing_keys(document: Any) -> dict[str, jwt.PyJWK]:
    """The keys of a JWKS that we can verify with, by `kid`. The others are nobody's business (RFC 7517, 5)."""
    rows = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        return {}
    return {row["kid"]: key for row in rows if isinstance(row, dict) and (key := _signing_key(row))}


def _signing_key(row: dict[str, Any]) -> jwt.PyJWK | None:
    """A key with a name that is for signatures, its public part; None for any other, and for a damaged one."""
    kind, kid = row.get("kty"), row.get("kid")
    if not isinstance(kind, str) or kind not in _KINDS or row.get("use", "sig") != "sig" or not isinstance(kid, str):
        return None
    names, algorithm = _KINDS[kind]
    try:
        return jwt.PyJWK({name: row[name] for name in names}, algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, KeyError, TypeError, AttributeError):
        return None
