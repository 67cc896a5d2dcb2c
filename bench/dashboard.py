"""
`dashboard`: the numbers of a workshop's page, in an organization of 150,000 members and a table of 3,000,000.

- buckets: `participation.count_people` of one workshop with 5,000 registrations and a group of 5,000: who belongs
  together is found out, strongly and weakly, and counted.
- plain: one plain aggregate over the organization's members, group by group, which knows of no registrations.

Both run as the tenant under row-level security, five times in one context, on another workshop each time; from before
BEGIN to after COMMIT, divided by five. Neither may take parallel workers, which the plain one otherwise does: a machine
that is busy has none to give. Two more are shown that have no goal: the same plain aggregate over the workshop's group
alone, and the first page of the missing. Of the registrations 70% have a member with their phone, and 2% one with the
same last digits.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connection, connections, transaction
from tqdm import tqdm

from bench import databases, tenants
from bench.measuring import alternate, cost_of
from bench.results import Figure, Result, milliseconds
from bench.seeding import Scale, seeded
from common import tenancy
from common.tenancy.contexts import SYSTEM_ROLE
from workshops.models import Registration, Workshop
from workshops.services import participation
from workshops.services.participation import Bucket, People

GOAL = 0.25
FULL = Scale("dashboard", organizations=20, groups=600, rounds=60)
REPEATS = 5
PAGE = 50


def run(scale: Scale = FULL) -> Result:
    """Measure both, and what else a page shows, in turns."""
    with seeded(scale):
        workshops = _registered(scale)
        sides: dict[str, Callable[[Workshop], object]] = {
            "buckets": lambda workshop: participation.count_people(workshop=workshop),
            "plain": lambda workshop: _execute(_PLAIN, [workshop.organization_id]),
            "plain, one group": lambda workshop: _execute(
                _PLAIN_OF_GROUP, [workshop.organization_id, workshop.community_group_id]
            ),
            "page of the missing": lambda workshop: participation.list_people(
                People(workshop, Bucket.MISSING), limit=PAGE
            ),
        }
        works = {name: partial(_measure, work, workshops) for name, work in sides.items()}
        found = alternate(works, rounds=scale.rounds, warm_ups=scale.warm_ups)
    series = {name: milliseconds(name, seconds) for name, seconds in found.items()}
    ratio = series["buckets"].median / series["plain"].median
    return Result(list(series.values()), [Figure("buckets / plain", ratio, GOAL)])


def _measure(work: Callable[[Workshop], object], workshops: list[Workshop]) -> float:
    chosen = random.choices(workshops, k=REPEATS)

    def as_tenant() -> None:
        with tenants.of(chosen[0].organization_id).scope():
            _execute("SELECT set_config('max_parallel_workers_per_gather', '0', true)", [])
            for workshop in chosen:
                work(workshop)

    return cost_of(as_tenant).seconds / REPEATS


def _execute(statement: str, parameters: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        cursor.fetchall()


def _registered(scale: Scale) -> list[Workshop]:
    """The workshops of one organization, each with as many registrations as its group has members."""
    with tenancy.system():
        workshops = list(Workshop.objects.filter(organization_id=scale.organization_ids[0]))
        is_there = Registration.objects.count() == len(workshops) * scale.group_size
    if not is_there:
        _register(workshops, scale)
    return workshops


def _register(workshops: list[Workshop], scale: Scale) -> None:
    """By SQL, as the owner in the system role: the owner itself is under the policies too."""
    size = scale.group_size
    for workshop in tqdm(workshops, desc="registering", unit="workshop", leave=False, disable=None):
        keys: list[Any] = [workshop.organization_id, workshop.pk]
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {SYSTEM_ROLE}")
            cursor.execute("DELETE FROM registrations WHERE organization_id = %s AND workshop_id = %s", keys)
            cursor.execute(_REGISTRATIONS, [*keys, size, size, workshop.community_group_id, size])
    databases.run_as_owner("VACUUM ANALYZE registrations")


_NUMBERS = """
    count(*) FILTER (WHERE status = 'active'), count(*) FILTER (WHERE status = 'left'),
    count(*) FILTER (WHERE status = 'active' AND full_phone IS NULL)
    FROM workshop_group_members"""
_PLAIN = f"SELECT whatsapp_group_id, {_NUMBERS} WHERE organization_id = %s GROUP BY whatsapp_group_id"
_PLAIN_OF_GROUP = f"SELECT {_NUMBERS} WHERE organization_id = %s AND whatsapp_group_id = %s"

#: Member after member, those with a phone first; who comes after 72% is not in the group.
_REGISTRATIONS = """
INSERT INTO registrations (id, organization_id, workshop_id, status, name, email, phone_text, full_phone, phone_number,
    phone_tail, person_key, corrected_by, registered_at, updated_at)
SELECT gen_random_uuid(), %s, %s, 'registered', 'Person ' || number, 'person' || number || '@example.com', phone, phone,
    right(phone, 10), right(phone, 10), phone, '', now() - number * interval '1 minute', now()
FROM (
    SELECT number, CASE
        WHEN full_phone IS NULL OR number > 0.72 * %s THEN '+92' || 3000000000 + number
        WHEN number > 0.70 * %s THEN '+1' || right(full_phone, 10)
        ELSE full_phone
    END AS phone
    FROM (
        SELECT full_phone, row_number() OVER (ORDER BY full_phone IS NULL, id) AS number
        FROM workshop_group_members WHERE whatsapp_group_id = %s
    ) AS member
    WHERE number <= %s
) AS person
"""
