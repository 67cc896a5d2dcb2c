"""
`rls-tax`: the product's work as a tenant under row-level security, against the same statements without it.

- with: the login in the tenant's context, whose statements (the role and the organization set, and what the database
  does for the policies) are part of the time.
- without: the owner of a copy of the database, see `bench.unguarded`, in a plain transaction.

Both clocks run from before BEGIN to after COMMIT, and both sides do the same through the same Python:

- sync: `apply_snapshot` of 5,000 new people into a group without members.
- list: the first page of a group's members, as the API reads it: the group, then the rows of one page and one more.
- count: one group with its counts, and one workshop with its member count.

Work as short as list and count is done five times in a round, and has ten times as many rounds: whatever else runs on
the machine then disturbs both sides alike.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from bench import tenants, unguarded
from bench.measuring import alternate, cost_of
from bench.results import Figure, Result, Series, milliseconds
from bench.seeding import FULL, Scale, seeded
from bench.tenants import Tenant
from common.pagination import KeysetPagination
from whatsapp.models import Group, GroupMember
from workshops.models import Workshop

GOAL = 1.3
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Side:
    """An organization, and the connection through which it is worked for."""

    tenant: Tenant
    connection: BaseDatabaseWrapper
    scale: Scale

    def first_sync(self) -> float:
        """Seconds of a first sync."""
        with unguarded.acting_on(self.connection):
            snapshot = self.tenant.snapshot(tenants.new_people(self.scale.group_size - 1))
            return self.tenant.sync(self.tenant.new_group(), snapshot, added=self.scale.group_size).seconds

    def first_page(self) -> float:
        """Seconds of a first page of members."""
        return self._repeated(_read_page)

    def counts(self) -> float:
        """Seconds of counting a group's and a workshop's members."""
        return self._repeated(_read_counts)

    def _repeated(self, work: Callable[[UUID, UUID], None]) -> float:
        with unguarded.acting_on(self.connection):
            with self.tenant.scope():
                workshops = Workshop.objects.filter(organization_id=self.tenant.organization_id)
                chosen = random.choices(workshops.values_list("community_group_id", "pk"), k=REPEATS)

            def all_of_it() -> None:
                for group_id, workshop_id in chosen:
                    with self.tenant.scope():
                        work(group_id, workshop_id)

            return cost_of(all_of_it).seconds / REPEATS


#: Each kind of work, and how many times as many rounds it has.
KINDS: dict[str, tuple[Callable[[Side], float], int]] = {
    "sync": (Side.first_sync, 1),
    "list": (Side.first_page, 10),
    "count": (Side.counts, 10),
}


def run(scale: Scale = FULL) -> Result:
    """Measure each kind of work on both sides in turns; the worst of the ratios is the one that counts."""
    series: list[Series] = []
    figures: list[Figure] = []
    with _sides(scale) as sides:
        for kind, (work, more) in KINDS.items():
            works = {name: partial(work, side) for name, side in sides.items()}
            found = alternate(works, rounds=scale.rounds * more, warm_ups=scale.warm_ups)
            guarded, bare = (milliseconds(f"{kind}, {name} RLS", seconds) for name, seconds in found.items())
            series += [guarded, bare]
            figures.append(Figure(f"{kind}: with / without", guarded.median / bare.median, GOAL))
    return Result(series, sorted(figures, key=lambda figure: -figure.value))


@contextmanager
def _sides(scale: Scale) -> Iterator[dict[str, Side]]:
    organization_id = scale.organization_ids[0]
    with ExitStack() as stack:
        stack.enter_context(seeded(scale))
        owner = stack.enter_context(unguarded.opened(scale))
        usual = connections["default"]
        yield {
            "with": Side(tenants.of(organization_id), usual, scale),
            "without": Side(Tenant(organization_id, transaction.atomic), owner, scale),
        }


def _read_page(group_id: UUID, _: UUID) -> None:
    """As `GroupViewSet.members` and its pagination ask."""
    found = Group.objects.get(pk=group_id)
    list(GroupMember.objects.filter(group=found).order_by("-joined_at", "-pk")[: KeysetPagination.page_size + 1])


def _read_counts(group_id: UUID, workshop_id: UUID) -> None:
    Group.objects.with_counts().get(pk=group_id)
    Workshop.objects.with_member_count().get(pk=workshop_id)
