"""The identity provider: organizations, their members, users; its Backend API, signing keys and session tokens."""

from sandbox.clerk.faults import KINDS
from sandbox.stage import Service

SERVICE = Service(
    "clerk",
    (
        "jwks", "list_organizations", "organization", "list_memberships", "list_all_memberships", "list_users",
        "count_users", "user", "unknown",
    ),
    KINDS,
)  # fmt: skip
