"""Rules and rows of people."""

from accounts.services.identities import forget_identity, record_identity
from accounts.services.people import ensure_people

__all__ = ["ensure_people", "forget_identity", "record_identity"]
