"""Who waits for whom."""

from django.db import connection

from organizations.models import Organization


def lock_orders_of(organization_id: str) -> None:
    """
    Whoever places orders of an organization, or changes what they made, waits for whoever does, until the end.

    A transaction that needs several organizations takes them in the order of their ids, or two would wait for each
    other crosswise.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"orders of {organization_id}"])


def lock_tags_of(organization_id: str) -> None:
    """Whoever decides on an organization's tags, their names and the default one, waits for whoever does."""
    Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
