"""Tokens in compact form (RFC 7515), honest ones and the forgeries that a verifier must refuse."""

import base64
import hashlib
import hmac
import json

import jwt

from sandbox.clerk.keys import Key
from sandbox.problems import Json

#: "none" has no signature; "HS256" has the public key for its secret, which fools a verifier that takes any algorithm.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "HS256", "none")


def sign(key: Key, claims: Json, *, algorithm: str, kid: str) -> str:
    """A token with these claims."""
    headers = {"kid": kid}
    if algorithm == "HS256":
        return _signed_with_public_key(key, claims, {"alg": "HS256", "typ": "JWT", **headers})
    if algorithm == "none":
        return jwt.encode(claims, "", algorithm="none", headers=headers)
    return jwt.encode(claims, key.private(), algorithm=algorithm, headers=headers)


def _signed_with_public_key(key: Key, claims: Json, header: Json) -> str:
    """PyJWT rightly refuses to do this."""
    content = b".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    signature = hmac.new(key.public_pem(), content, hashlib.sha256).digest()
    return b".".join((content, _encoded(signature))).decode()


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
