"""
Session tokens: JWTs (RFC 7519) of the issuers in `settings.TOKEN_ISSUERS`, side by side.

Clerk's (https://clerk.com/docs/guides/sessions/session-tokens) are signed with RS256 by a key of its JWKS. Those of a
Supabase-style issuer (https://supabase.com/docs/guides/auth/jwts) are signed with RS256 or ES256 by such a key, or with
HS256 and a shared secret. Which issuer a token claims decides by which key it must verify, and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from django.conf import settings

from accounts.keys import key_set
from common.errors import DomainError
from common.parsers import unstorable

_LEEWAY_SECONDS = 5
_MAX_TOKEN_CHARS = 16 * 1024
_PUBLIC = ("RS256", "ES256")


class TokenRefused(DomainError):
    """The token opens nothing. `code` says why."""

    status = 401

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class _Provider:
    """What the tokens of one kind of issuer must have."""

    algorithms: frozenset[str]
    required: tuple[str, ...]
    check: Callable[[Mapping[str, Any], Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What a token says of itself, not yet believed."""

    issuer: str
    algorithm: str
    kid: str


def verify(token: str) -> dict[str, Any]:
    """
    The claims of a valid token.

    :raises TokenRefused: `token_malformed`, `token_expired`, `token_not_yet_valid`, `token_issuer_unknown`,
        `token_signature_invalid`, `token_claims_missing`, `token_party_not_allowed`, `token_pending`,
        `token_audience_wrong`, `token_role_wrong`
    :raises KeysUnavailable: the issuer's keys cannot be had
    """
    claimed = _unverified(token)
    facts = settings.TOKEN_ISSUERS.get(claimed.issuer)
    if facts is None:
        raise TokenRefused("token_issuer_unknown", "This token was issued by somebody we do not know.")
    provider = _PROVIDERS[provider_of(claimed.issuer)]
    claims = _decode(token, _key(claimed, facts, provider), claimed, provider)
    _check_texts(claims)
    provider.check(claims, facts)
    return claims


def provider_of(issuer: str) -> str:
    """`clerk` or `supabase`; an empty text for an issuer that we do not know."""
    facts = settings.TOKEN_ISSUERS.get(issuer)
    return "" if facts is None else str(facts.get("provider", "clerk"))


def _unverified(token: str) -> _Claimed:
    if len(token) > _MAX_TOKEN_CHARS:
        raise TokenRefused("token_malformed", "This is not a token: it is too long.")
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenRefused("token_malformed", "This is not a token (JWT).") from error
    return _Claimed(_text(claims.get("iss")), _text(header.get("alg")), _text(header.get("kid")))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _key(claimed: _Claimed, facts: Mapping[str, Any], provider: _Provider) -> Any:
    """
    The key that the token must verify with. Never a public key as the secret of HS256: the two are kept apart here.

    :raises TokenRefused: its issuer signs otherwise, or has no such key
    """
    if claimed.algorithm in provider.algorithms:
        if claimed.algorithm == "HS256" and facts.get("secret"):
            return str(facts["secret"])
        if claimed.algorithm in _PUBLIC and facts.get("jwks_url") and claimed.kid:
            key = key_set(str(facts["jwks_url"])).key(claimed.kid)
            if key is not None and key.algorithm_name == claimed.algorithm:
                return key
            raise TokenRefused("token_signature_invalid", "This token was signed with a key that its issuer lacks.")
    raise TokenRefused("token_signature_invalid", "This token is not signed as its issuer signs.")


def _decode(token: str, key: Any, claimed: _Claimed, provider: _Provider) -> dict[str, Any]:
    options: Any = {"require": list(provider.required), "verify_aud": False}
    try:
        return jwt.decode(
            token, key=key, algorithms=[claimed.algorithm], issuer=claimed.issuer, leeway=_LEEWAY_SECONDS,
            options=options,
        )  # fmt: skip
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


def _check_texts(claims: Mapping[str, Any]) -> None:
    if (claim := unstorable(claims)) is not None:
        raise TokenRefused("token_malformed", f"This token has a claim that is no text ({claim}).")
    if not _text(claims["sub"]):
        raise TokenRefused("token_claims_missing", "This token names nobody (sub).")


def _check_clerk(claims: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    if "azp" in claims and facts.get("azp") and claims["azp"] not in facts["azp"]:
        raise TokenRefused("token_party_not_allowed", "This token was issued for another application (azp).")
    if claims.get("sts") == "pending":
        raise TokenRefused("token_pending", "This session is not complete: finish signing in.")


def _check_supabase(claims: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """The project's own API keys are signed with the same secret: they are nobody's session."""
    audience = facts.get("audience", "authenticated")
    if audience not in (claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]):
        raise TokenRefused("token_audience_wrong", "This token was issued for somebody else (aud).")
    if claims.get("role", "authenticated") != "authenticated":
        raise TokenRefused("token_role_wrong", "This token is no signed-in person's (role).")


_PROVIDERS = {
    "clerk": _Provider(frozenset({"RS256"}), ("exp", "iat", "nbf", "iss", "sub", "sid"), _check_clerk),
    "supabase": _Provider(frozenset({"RS256", "ES256", "HS256"}), ("exp", "iat", "iss", "sub", "aud"), _check_supabase),
}
