"""The identity provider: its signing keys and its session tokens."""

from sandbox.stage import Service

SERVICE = Service("clerk", ("jwks",), {})
