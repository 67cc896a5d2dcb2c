"""Groups and the numbers of their members, from rows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections

from common import tenancy
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory
from whatsapp.models import Group, GroupMember
from whatsapp.tests.factories import GroupFactory, GroupMemberFactory, SessionFactory

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

GROUPS, PEOPLE, SHOWN = 30, 40, 5


@pytest.fixture
def organization() -> Organization:
    """With groups of which each has many members."""
    organization = OrganizationFactory.create()
    session = SessionFactory.create(organization=organization)
    groups = GroupFactory.create_batch(GROUPS, organization=organization, session=session)
    people = [
        GroupMemberFactory.build(organization=organization, group=group) for group in groups for _ in range(PEOPLE)
    ]
    with tenancy.tenant(organization.pk):
        GroupMember.objects.bulk_create(people)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE workshop_group_members")  # or the planner chooses by what earlier tests left there
    return organization


def test_a_page_of_groups_reads_the_members_of_those_groups_only(organization: Organization) -> None:
    """Fails with Count over a join, which aggregates the members of all groups before the LIMIT."""
    with tenancy.tenant(organization.pk), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # which is cheaper for as few rows as these
        page = Group.objects.with_counts().order_by("-created_at", "-pk")[:SHOWN]
        plan = json.loads(page.explain(format="json", analyze=True))[0]["Plan"]
    read = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in _nodes(plan)
        if node.get("Relation Name") == "workshop_group_members"
    )
    assert 0 < read <= 3 * SHOWN * PEOPLE


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)
