"""
`sync-first`: the first sync of 5,000 people into a table of a million, against the fastest way to write them at all.

Both sides start from the same parsed snapshot and a group without members, and both write the same columns into the
same table under row-level security, with its indexes and keys; both clocks run from before BEGIN to after COMMIT.

- service: the tenant's context, `apply_snapshot` whole (its lock, reading and comparing rows, doubts, the run's end).
- floor: the system role, whose policy is `true`; COPY of one ready text into a temporary table that is there already,
  and INSERT … SELECT … ON CONFLICT DO NOTHING from it. Making the text from the snapshot is timed, since people must
  become parameters on either side. COPY into the table itself is refused under row-level security.
"""

from django.db import connection

from bench import tenants
from bench.measuring import Cost, alternate, cost_of
from bench.results import Figure, Result, milliseconds
from bench.seeding import FULL, Scale, seeded
from bench.tenants import Tenant
from common import tenancy
from whatsapp.client import Participant
from whatsapp.models import Group

GOAL = 2.0


def run(scale: Scale = FULL) -> Result:
    """Measure both sides in turns, each time with new people in a new group."""
    with seeded(scale):
        tenant = tenants.of(scale.organization_ids[0])
        _make_temporary_table()
        sides = {
            "service": lambda: _service(tenant, scale.group_size),
            "floor": lambda: _floor(tenant, scale.group_size),
        }
        found = alternate(sides, rounds=scale.rounds, warm_ups=scale.warm_ups)
    series = {name: milliseconds(name, [cost.seconds for cost in costs]) for name, costs in found.items()}
    ratio = series["service"].median / series["floor"].median
    return Result([*series.values()], [Figure("service / floor", ratio, GOAL)])


def _service(tenant: Tenant, size: int) -> Cost:
    return tenant.sync(tenant.new_group(), tenant.snapshot(tenants.new_people(size - 1)), added=size)


def _floor(tenant: Tenant, size: int) -> Cost:
    group = tenant.new_group()
    people = tenant.snapshot(tenants.new_people(size - 1)).participants
    cost = cost_of(lambda: _copy(group, people))
    if cost.written != size:
        raise tenants.NotDone(f"{cost.written} of {size} rows were written")
    return cost


def _copy(group: Group, people: list[Participant]) -> None:
    text = "".join(
        f"{person.lid}\t{person.full_phone or _NULL}\t{person.phone_number or _NULL}\t{person.is_admin}\n"
        for person in people
    )
    with tenancy.system(), connection.cursor() as cursor:
        with cursor.copy("COPY bench_people FROM STDIN") as copy:
            copy.write(text)
        cursor.execute(_INSERT, [group.organization_id, group.pk])


def _make_temporary_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)


_NULL = r"\N"
_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS bench_people (lid text, full_phone text, phone_number text, is_admin boolean)
ON COMMIT DELETE ROWS;
GRANT SELECT, INSERT ON bench_people TO rollcall_system
"""
_INSERT = """
INSERT INTO workshop_group_members
    (id, organization_id, whatsapp_group_id, lid, full_phone, phone_number, status, is_admin, joined_at)
SELECT gen_random_uuid(), %s, %s, lid, full_phone, phone_number, 'active', is_admin, now() FROM bench_people
ON CONFLICT DO NOTHING
"""
