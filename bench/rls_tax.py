"""
`rls-tax`: the product's work as a tenant under row-level security, against the same statements without it.

- with: the login in the tenant's context, whose statements (the role and the organization set, and what the database
  does for the policies) are part of the time.
- without: the owner of a copy of the database, see `bench.unguarded`, in a plain transaction.

Both clocks run from before BEGIN to after COMMIT, and both sides do the same through the same Python:

- sync: `apply_snapshot` of 5,000 new people into a group without members.
- list: the first page of a group's members, as the API reads it: the group, then the rows of one page and one more.
- count: one group with its counts, and one workshop with its member count.

Work as short as list and count is done many times in a round.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from bench import tenants, unguarded
from bench.measuring import alternate, cost_of
from bench.results import Figure, Result, milliseconds
from bench.seeding import FULL, Scale, seeded
from bench.tenants import Tenant
from common.pagination import KeysetPagination
from whatsapp.models import Group, GroupMember
from workshops.models import Workshop

GOAL = 1.3
REPEATS = 50


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
                keys = list(workshops.values_list("community_group_id", "pk"))

            def all_of_it() -> None:
                for number in range(REPEATS):
                    with self.tenant.scope():
                        work(*keys[number % len(keys)])

            return cost_of(all_of_it).seconds / REPEATS


def run(scale: Scale = FULL) -> Result:
    """Measure each kind of work on both sides in turns; the worst of the ratios is the one that counts."""
    with _sides(scale) as (with_rls, without_rls):
        kinds = {
            "sync": {"with": with_rls.first_sync, "without": without_rls.first_sync},
            "list": {"with": with_rls.first_page, "without": without_rls.first_page},
            "count": {"with": with_rls.counts, "without": without_rls.counts},
        }
        found = {kind: alternate(sides, rounds=scale.rounds, warm_ups=scale.warm_ups) for kind, sides in kinds.items()}
    series = {
        (kind, side): milliseconds(f"{kind}, {side} RLS", seconds)
        for kind, sides in found.items()
        for side, seconds in sides.items()
    }
    figures = [
        Figure(f"{kind}: with / without", series[kind, "with"].median / series[kind, "without"].median, GOAL)
        for kind in found
    ]
    return Result([*series.values()], sorted(figures, key=lambda figure: -figure.value))


@contextmanager
def _sides(scale: Scale) -> Iterator[tuple[Side, Side]]:
    organization_id = scale.organization_ids[0]
    with ExitStack() as stack:
        stack.enter_context(seeded(scale))
        owner = stack.enter_context(unguarded.opened(scale))
        usual = connections["default"]
        yield (
            Side(tenants.of(organization_id), usual, scale),
            Side(Tenant(organization_id, transaction.atomic), owner, scale),
        )


def _read_page(group_id: UUID, _: UUID) -> None:
    """As `GroupViewSet.members` and its pagination ask."""
    found = Group.objects.get(pk=group_id)
    list(GroupMember.objects.filter(group=found).order_by("-joined_at", "-pk")[: KeysetPagination.page_size + 1])


def _read_counts(group_id: UUID, workshop_id: UUID) -> None:
    Group.objects.with_counts().get(pk=group_id)
    Workshop.objects.with_member_count().get(pk=workshop_id)
