"""How a delivery shows that it comes from us: each form gives headers for a secret and the raw body."""

import base64
import gzip
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping

#: The secret, the raw body and the headers that the delivery has besides.
Form = Callable[[bytes, bytes, Mapping[str, str]], dict[str, str]]


def _api_key(secret: bytes, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
    return {"X-API-Key": secret.decode()}


def _hub(secret: bytes, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
    """As GitHub and Meta sign (https://www.w3.org/TR/websub/#signing-content)."""
    return {"X-Hub-Signature-256": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"}


def _hmac512(secret: bytes, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
    """As WAHA signs (https://waha.devlike.pro/docs/how-to/events/#hmac-authentication)."""
    return {
        "X-Webhook-Hmac": hmac.new(secret, body, hashlib.sha512).hexdigest(),
        "X-Webhook-Hmac-Algorithm": "sha512",
    }


def _stream(secret: bytes, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
    """As Stream signs: over the body before it was compressed (https://getstream.io/chat/docs/python/webhooks_overview/)."""
    return {"X-Signature": hmac.new(secret, unpacked(body), hashlib.sha256).hexdigest()}


def unpacked(body: bytes) -> bytes:
    """A body as it was before it was compressed, if it was."""
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def _svix(secret: bytes, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
    """
    As Svix signs (https://docs.svix.com/receiving/verifying-payloads/how-manual). While a secret is being changed there
    are two, with a space between them, and so many signatures.
    """
    message, moment = headers.get("svix-id", "msg_raw"), str(int(time.time()))
    content = b".".join((message.encode(), moment.encode(), body))
    keys = [base64.b64decode(one.removeprefix(b"whsec_") + b"==") for one in secret.split()]
    signatures = [base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in keys]
    return {
        "svix-id": message, "svix-timestamp": moment, "svix-signature": " ".join(f"v1,{one}" for one in signatures)
    }  # fmt: skip


def _none(secret: bytes, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
    return {}


FORMS: Mapping[str, Form] = {
    "api_key": _api_key,
    "hub": _hub,
    "hmac512": _hmac512,
    "stream": _stream,
    "svix": _svix,
    "none": _none,
}


def sign(form: str, secret: str, body: bytes, headers: Mapping[str, str], *, is_forged: bool) -> dict[str, str]:
    """The headers of a delivery; forged ones are right in all but the secret."""
    return FORMS[form]((_wrong(secret) if is_forged else secret).encode(), body, headers)


def _wrong(secret: str) -> str:
    return hashlib.sha256(f"not {secret}".encode()).hexdigest()[:32]
