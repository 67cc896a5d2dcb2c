"""Comparisons for `verify`, in constant time, that no header can break: text of any kind is compared as bytes."""

import hmac
from collections.abc import Iterable


def is_one_of(given: str, secrets: Iterable[str]) -> bool:
    """Whether `given` is one of `secrets`. Several stand side by side while one is being replaced; empty ones never."""
    # A list, so that every secret is compared however the first one ends.
    return any([_is_same(given, secret) for secret in secrets if secret])  # noqa: C419


def is_hex_hmac(given: str, *, body: bytes, secrets: Iterable[str], algorithm: str) -> bool:
    """Whether `given` is the hex HMAC (`sha256`, `sha512`) of the raw body under one of `secrets`."""
    keys = [secret.encode() for secret in secrets if secret]
    return is_one_of(given.lower(), [hmac.new(key, body, algorithm).hexdigest() for key in keys])


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
