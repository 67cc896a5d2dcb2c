"""Session tokens: JWTs (RFC 7519), signed by an issuer of `settings.TOKEN_ISSUERS` with a key of its JWKS (7517)."""

import json
import threading
import time
from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings

from common import vendors
from common.errors import DomainError
from common.parsers import unstorable

_REQUIRED_CLAIMS = ["exp", "iat", "nbf", "iss", "sub", "sid"]
_LEEWAY_SECONDS = 5
_FRESH_SECONDS = 600.0
_MAX_TOKEN_CHARS = 16 * 1024


class TokenRefused(DomainError):
    """The token opens nothing. `code` says why."""

    status = 401

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


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


def _signing_keys(document: Any) -> dict[str, jwt.PyJWK]:
    """The keys of a JWKS that we can verify with, by `kid`. The others are nobody's business (RFC 7517, 5)."""
    rows = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        return {}
    return {row["kid"]: key for row in rows if isinstance(row, dict) and (key := _signing_key(row))}


def _signing_key(row: dict[str, Any]) -> jwt.PyJWK | None:
    """An RSA key with a name that is for signatures, its public part; None for any other, and for a damaged one."""
    is_ours = row.get("kty") == "RSA" and row.get("use", "sig") == "sig" and isinstance(row.get("kid"), str)
    if not is_ours:
        return None
    try:
        return jwt.PyJWK({name: row[name] for name in ("kty", "kid", "n", "e")}, algorithm="RS256")
    except (jwt.PyJWTError, ValueError, KeyError, TypeError, AttributeError):
        return None


@lru_cache(maxsize=32)
def _key_set(url: str) -> KeySet:
    return KeySet(url)


def verify(token: str) -> dict[str, Any]:
    """
    The claims of a valid token.

    :raises TokenRefused: `token_malformed`, `token_expired`, `token_not_yet_valid`, `token_issuer_unknown`,
        `token_signature_invalid`, `token_claims_missing`, `token_party_not_allowed`, `token_pending`
    :raises KeysUnavailable: the issuer's keys cannot be had
    """
    issuer, kid = _unverified(token)
    facts = settings.TOKEN_ISSUERS.get(issuer)
    if facts is None:
        raise TokenRefused("token_issuer_unknown", "This token was issued by somebody we do not know.")
    key = _key_set(str(facts["jwks_url"])).key(kid)
    if key is None:
        raise TokenRefused("token_signature_invalid", "This token was signed with a key that its issuer does not have.")
    claims = _decode(token, key, issuer)
    _check_claims(claims, facts)
    return claims


def _unverified(token: str) -> tuple[str, str]:
    """Issuer and key id as the token claims them: they only choose the key that must then verify."""
    if len(token) > _MAX_TOKEN_CHARS:
        raise TokenRefused("token_malformed", "This is not a token: it is too long.")
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenRefused("token_malformed", "This is not a token (JWT).") from error
    issuer, kid = claims.get("iss"), header.get("kid")
    if header.get("alg") != "RS256" or not isinstance(kid, str):
        raise TokenRefused("token_signature_invalid", "This token is not signed with RS256 and a key id.")
    return issuer if isinstance(issuer, str) else "", kid


def _decode(token: str, key: jwt.PyJWK, issuer: str) -> dict[str, Any]:
    options: Any = {"require": _REQUIRED_CLAIMS, "verify_aud": False}
    try:
        return jwt.decode(token, key=key, algorithms=["RS256"], issuer=issuer, leeway=_LEEWAY_SECONDS, options=options)
    except jwt.ExpiredSignatureError as error:
        raise TokenRefused("token_expired", "This token has expired: get a new one.") from error
    except (jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError) as error:
        raise TokenRefused("token_not_yet_valid", "This token is not valid yet: check the clock.") from error
    except jwt.MissingRequiredClaimError as error:
        raise TokenRefused("token_claims_missing", f"This token lacks the claim {error.claim}.") from error
    except jwt.InvalidSignatureError as error:
        raise TokenRefused("token_signature_invalid", "The signature of this token is wrong.") from error
    except (jwt.PyJWTError, ValueError, OverflowError) as error:
        raise TokenRefused("token_malformed", "The claims of this token are not as they should be.") from error


def _check_claims(claims: dict[str, Any], facts: dict[str, Any]) -> None:
    if (claim := unstorable(claims)) is not None:
        raise TokenRefused("token_malformed", f"This token has a claim that is no text ({claim}).")
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise TokenRefused("token_claims_missing", "This token names nobody (sub).")
    if "azp" in claims and facts.get("azp") and claims["azp"] not in facts["azp"]:
        raise TokenRefused("token_party_not_allowed", "This token was issued for another application (azp).")
    if claims.get("sts") == "pending":
        raise TokenRefused("token_pending", "This session is not complete: finish signing in.")
