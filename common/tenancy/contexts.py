"""
The contexts in which tenant rows can be reached. Each is one transaction (or savepoint) with a role of its own.

The role and the organization are set with `set_config(…, true)`, which ends with the transaction: a pooled
connection never carries them to its next user. They survive a *released savepoint*, so a nested context puts back
what was there before; an exception rolls the savepoint back, and the database puts them back itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import connection, transaction

TENANT_ROLE = "rollcall_tenant"
SYSTEM_ROLE = "rollcall_system"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which role acts, for which organization and which person (empty: none)."""

    role: str
    organization_id: str = ""
    user_id: str = ""


_NONE = Scope(role="none")
_current: ContextVar[Scope] = ContextVar("tenancy_scope", default=_NONE)


@contextmanager
def tenant(organization_id: str, *, user_id: str = "") -> Iterator[None]:
    """Work for one organization: its rows, and nobody else's, can be read and written."""
    if not organization_id:
        raise ValueError("a tenant context needs an organization_id")
    with _scope(Scope(TENANT_ROLE, organization_id, user_id)):
        yield


@contextmanager
def person(user_id: str) -> Iterator[None]:
    """Work for one person outside any organization: their own memberships and those organizations can be read."""
    if not user_id:
        raise ValueError("a person context needs a user_id")
    with _scope(Scope(TENANT_ROLE, user_id=user_id)):
        yield


@contextmanager
def system() -> Iterator[None]:
    """Work across organizations: the inbox, sweeps, reconciles, repairs and the admin."""
    with _scope(Scope(SYSTEM_ROLE)):
        yield


@contextmanager
def _scope(scope: Scope) -> Iterator[None]:
    outer = _current.get()
    with transaction.atomic():
        _apply(scope)
        token = _current.set(scope)
        try:
            yield
        finally:
            _current.reset(token)
    if connection.in_atomic_block and not connection.needs_rollback:
        _apply(outer)


def _apply(scope: Scope) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', %s, true),"
            " set_config('rollcall.organization_id', %s, true), set_config('rollcall.user_id', %s, true)",
            [scope.role, scope.organization_id, scope.user_id],
        )
