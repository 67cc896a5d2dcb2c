"""
`sync-churn`: of 5,000 people 2.5 % left and 2.5 % are new; what is written is held against what changed.

Rows are PostgreSQL's own count of rows inserted, updated and deleted, against people who joined or left. WAL, from
before BEGIN to after COMMIT, is held against that of one UPDATE of all rows of the same group right after it, which is
what a sync costs that does not compare first. The group's first sync and a sync that changes nothing come before, so
that pages are in the WAL since the last checkpoint.
"""

from django.db import connection

from bench import tenants
from bench.measuring import Cost, cost_of, repeat
from bench.results import Figure, Result, Series, kibibytes
from bench.seeding import FULL, Scale, seeded
from bench.tenants import Tenant
from whatsapp.models import Group

GOAL = 1.0
WAL_GOAL = 0.10
SHARE = 0.025


def run(scale: Scale = FULL) -> Result:
    """Measure the churn and the rewrite in new groups."""
    joined = max(1, round(scale.group_size * SHARE))
    with seeded(scale):
        tenant = tenants.of(scale.organization_ids[0])
        found = repeat(
            lambda: _churn_and_rewrite(tenant, scale.group_size, joined), rounds=scale.rounds, warm_ups=scale.warm_ups
        )
    written = Series("churn: member rows written", [churn.written for churn, _ in found], "rows")
    churn = kibibytes("churn: WAL", [churn.wal for churn, _ in found])
    rewrite = kibibytes("rewriting all: WAL", [rewrite.wal for _, rewrite in found])
    figures = [
        Figure("rows written / rows changed, at worst", max(written.values) / (2 * joined), GOAL),
        Figure("WAL of churn / of rewriting all", churn.median / rewrite.median, WAL_GOAL),
    ]
    return Result([written, churn, rewrite], figures)


def _churn_and_rewrite(tenant: Tenant, size: int, joined: int) -> tuple[Cost, Cost]:
    group, people = tenant.new_group(), tenants.new_people(size - 1)
    tenant.sync(group, tenant.snapshot(people), added=size)
    tenant.sync(group, tenant.snapshot(people))
    changed = people[joined:] + tenants.new_people(joined)
    churn = tenant.sync(group, tenant.snapshot(changed), added=joined, left=joined)
    return churn, cost_of(lambda: _rewrite(tenant, group))


def _rewrite(tenant: Tenant, group: Group) -> None:
    """All columns stay, and `updated_at` moves, as an upsert of everybody would do."""
    with tenant.scope(), connection.cursor() as cursor:
        cursor.execute(_REWRITE, [group.pk])


_REWRITE = """
UPDATE workshop_group_members SET is_admin = is_admin, updated_at = now()
WHERE whatsapp_group_id = %s AND status = 'active'
"""
