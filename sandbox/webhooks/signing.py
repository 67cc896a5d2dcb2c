"""How a delivery shows that it comes from us: each form gives headers for a secret and the raw body."""

import gzip
import hashlib
import hmac
from collections.abc import Callable, Mapping

Form = Callable[[bytes, bytes], dict[str, str]]


def _api_key(secret: bytes, body: bytes) -> dict[str, str]:
    return {"X-API-Key": secret.decode()}


def _hub(secret: bytes, body: bytes) -> dict[str, str]:
    """As GitHub and Meta sign (https://www.w3.org/TR/websub/#signing-content)."""
    return {"X-Hub-Signature-256": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"}


def _hmac512(secret: bytes, body: bytes) -> dict[str, str]:
    """As WAHA signs (https://waha.devlike.pro/docs/how-to/events/#hmac-authentication)."""
    return {
        "X-Webhook-Hmac": hmac.new(secret, body, hashlib.sha512).hexdigest(),
        "X-Webhook-Hmac-Algorithm": "sha512",
    }


def _stream(secret: bytes, body: bytes) -> dict[str, str]:
    """As Stream signs: over the body before it was compressed (https://getstream.io/chat/docs/python/webhooks_overview/)."""
    return {"X-Signature": hmac.new(secret, unpacked(body), hashlib.sha256).hexdigest()}


def unpacked(body: bytes) -> bytes:
    """A body as it was before it was compressed, if it was."""
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def _none(secret: bytes, body: bytes) -> dict[str, str]:
    return {}


FORMS: Mapping[str, Form] = {"api_key": _api_key, "hub": _hub, "hmac512": _hmac512, "stream": _stream, "none": _none}


def sign(form: str, secret: str, body: bytes, *, is_forged: bool) -> dict[str, str]:
    """The headers of a delivery; forged ones are right in all but the secret."""
    return FORMS[form]((_wrong(secret) if is_forged else secret).encode(), body)


def _wrong(secret: str) -> str:
    return hashlib.sha256(f"not {secret}".encode()).hexdigest()[:32]
