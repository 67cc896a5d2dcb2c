"""Who joined and who left, day by day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from whatsapp.models import MembershipEvent
from workshops.models import Workshop

_Action = MembershipEvent.Action


@dataclass(frozen=True, slots=True)
class Day:
    """A day in the organization's zone, and how often somebody joined and left on it."""

    day: date
    joined: int
    left: int


def list_days(*, workshop: Workshop, days: int) -> list[Day]:
    """
    The days until today, `days` at most, on which somebody joined or left; the others are not listed.

    People whom the first sync found make no events: they were there before we looked.
    """
    zone = workshop.organization.zone
    first = datetime.now(UTC).astimezone(zone).date() - timedelta(days=days - 1)
    events = MembershipEvent.objects.filter(
        organization_id=workshop.organization_id, group=workshop.community_group_id,
        action__in=[_Action.JOIN, _Action.LEAVE], occurred_at__gte=datetime.combine(first, time(), tzinfo=zone),
    )  # fmt: skip
    by_day = events.order_by().values(day=TruncDate("occurred_at", tzinfo=zone)).order_by("day")
    joined, left = (Count("pk", filter=Q(action=action)) for action in (_Action.JOIN, _Action.LEAVE))
    return [Day(**row) for row in by_day.annotate(joined=joined, left=left)]
