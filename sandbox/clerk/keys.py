"""The keys that session tokens are signed with: the current one, those before it, and one that nobody publishes."""

import secrets
from dataclasses import dataclass
from typing import Literal, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox.problems import Json, not_there

KeyName = Literal["current", "previous", "unknown"]
KEY_NAMES: tuple[KeyName, ...] = ("current", "previous", "unknown")


@dataclass
class Key:
    """An RSA key of 2048 bits, as PEM, with the id that tokens and the key set call it by."""

    kid: str
    pem: str
    is_published: bool

    def private(self) -> rsa.RSAPrivateKey:
        """For signing."""
        return cast(rsa.RSAPrivateKey, serialization.load_pem_private_key(self.pem.encode(), password=None))

    def public_pem(self) -> bytes:
        """The public half as PEM: what a forger of HS256 tokens signs with."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private().public_key().public_bytes(serialization.Encoding.PEM, form)

    def jwk(self) -> Json:
        """The public half as the key set shows it (RFC 7517)."""
        shown = RSAAlgorithm.to_jwk(self.private().public_key(), as_dict=True)
        return {"use": "sig", "kty": "RSA", "kid": self.kid, "alg": "RS256", "n": shown["n"], "e": shown["e"]}


class Keyring:
    """All signing keys, newest first. The first is made when it is first needed."""

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._unknown: Key | None = None

    def get(self, name: KeyName) -> Key:
        """
        The key for signing; "unknown" is in no key set, ever.

        :raises Problem: there is no previous key
        """
        if name == "unknown":
            self._unknown = self._unknown or _new_key(is_published=False)
            return self._unknown
        if not self._keys:
            self._keys = [_new_key()]
        if name == "previous" and len(self._keys) < 2:
            raise not_there("no_previous_key", "the key was never rotated")
        return self._keys[1 if name == "previous" else 0]

    def rotate(self, *, keep_old: bool) -> Key:
        """Sign with a new key from now on; the old ones stay in the key set or go."""
        self.get("current")
        for key in self._keys:
            key.is_published = key.is_published and keep_old
        self._keys.insert(0, _new_key())
        return self._keys[0]

    def key_set(self) -> Json:
        """What /.well-known/jwks.json answers."""
        self.get("current")
        return {"keys": [key.jwk() for key in self._keys if key.is_published]}

    def to_json(self) -> Json:
        """For the state file; the reverse is `load`."""
        return [dict(vars(key)) for key in self._keys]

    def load(self, state: Json) -> None:
        """Become what `to_json` wrote."""
        self._keys = [Key(**row) for row in state]


def _new_key(*, is_published: bool = True) -> Key:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Key(f"ins_{secrets.token_hex(14)}", pem.decode(), is_published)
