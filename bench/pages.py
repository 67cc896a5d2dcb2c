"""
`pages`: the last page of a group's million members against the first, by the API's own pagination.

The clock runs over a tenant's context of its own, in which the group is read and then one page of 50 and one row more,
as `GET /api/groups/{id}/members` does; rendering is left out, since it is the same. Members came a thousand at a time,
so that pages begin amid a thousand equal values. Each is done five times in a round.
"""

from types import SimpleNamespace
from typing import Any, cast

from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from bench.measuring import alternate, cost_of
from bench.results import Figure, Result, milliseconds
from bench.seeding import CROWD, Scale, seeded
from common import tenancy
from common.pagination import KeysetPagination, encode_cursor
from whatsapp.models import Group, GroupMember

GOAL = 2
REPEATS = 5
_VIEW = cast(APIView, SimpleNamespace(keyset="-joined_at"))


class NotDone(Exception):
    """A page is not what it should be: what was measured means nothing."""


def run(scale: Scale = CROWD) -> Result:
    """Read the first and the last page in turns."""
    organization_id = scale.organization_ids[0]
    with seeded(scale):
        with tenancy.tenant(organization_id):
            group_id = Group.objects.values_list("pk", flat=True)[0]
            last = _cursor_of_the_last(group_id)
        sides = {
            "first page": lambda: _seconds(organization_id, group_id, ""),
            "last page": lambda: _seconds(organization_id, group_id, last),
        }
        found = alternate(sides, rounds=scale.rounds * 4, warm_ups=scale.warm_ups)
    first, last_page = (milliseconds(name, seconds) for name, seconds in found.items())
    return Result([first, last_page], [Figure("last / first", last_page.over(first), GOAL)])


def _cursor_of_the_last(group_id: Any) -> str:
    """Where the last full page begins."""
    upwards = GroupMember.objects.filter(group=group_id).order_by("joined_at", "pk")
    before = upwards[KeysetPagination.page_size]
    return encode_cursor(before.joined_at.isoformat(), str(before.pk))


def _seconds(organization_id: str, group_id: Any, cursor: str) -> float:
    request = Request(APIRequestFactory().get("/", {"cursor": cursor} if cursor else {}))

    def read() -> None:
        for _ in range(REPEATS):
            with tenancy.tenant(organization_id):
                found = Group.objects.get(pk=group_id)
                pagination = KeysetPagination()
                rows = pagination.paginate_queryset(GroupMember.objects.filter(group=found), request, _VIEW)
            if len(rows) != KeysetPagination.page_size or bool(pagination.next_cursor) == bool(cursor):
                raise NotDone(f"{len(rows)} rows")

    return cost_of(read).seconds / REPEATS
