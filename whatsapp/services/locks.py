"""Who waits for whom."""

from uuid import UUID

from django.db import connection


def lock_group(group_id: UUID) -> None:
    """Whoever changes members of a group waits for whoever does, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"group members {group_id}"])


def lock_groups_of(organization_id: str) -> None:
    """Whoever stores several groups of an organization waits for whoever does, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"groups of {organization_id}"])
