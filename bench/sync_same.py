"""
`sync-same`: a group of 5,000 is synced for the first time, and twice more with the same people in another order.

The time of the last is held against the first one's. Its WAL, from before BEGIN to after COMMIT, is that of ending the
run; the sync between the two is the warm-up, after which no page it writes goes into the WAL whole because a checkpoint
came before. Rows are PostgreSQL's own count of rows inserted, updated and deleted.
"""

from bench import tenants
from bench.measuring import Cost, repeat
from bench.results import Figure, Result, Series, kibibytes, milliseconds
from bench.seeding import FULL, Scale, seeded
from bench.tenants import Tenant

GOAL = 0.5
WAL_GOAL = 8


def run(scale: Scale = FULL) -> Result:
    """Measure the first sync and the same again in new groups."""
    with seeded(scale):
        tenant = tenants.of(scale.organization_ids[0])
        found = repeat(lambda: _first_and_same(tenant, scale.group_size), rounds=scale.rounds, warm_ups=scale.warm_ups)
    first = milliseconds("first", [first.seconds for first, _ in found])
    same = milliseconds("same", [same.seconds for _, same in found])
    wal = kibibytes("same: WAL", [same.wal for _, same in found])
    written = Series("same: member rows written", [same.written for _, same in found], "rows")
    figures = [
        Figure("same / first", same.median / first.median, GOAL),
        Figure("member rows written, at worst", max(written.values), 0, "rows"),
        Figure("WAL", wal.median, WAL_GOAL, "KiB"),
    ]
    return Result([first, same, wal, written], figures)


def _first_and_same(tenant: Tenant, size: int) -> tuple[Cost, Cost]:
    group, people = tenant.new_group(), tenants.new_people(size - 1)
    first = tenant.sync(group, tenant.snapshot(people), added=size)
    tenant.sync(group, tenant.snapshot(people))
    return first, tenant.sync(group, tenant.snapshot(people))
