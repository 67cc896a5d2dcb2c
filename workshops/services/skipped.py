"""Communities that were skipped for want of a chosen session, and all of them started once there is one."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from common.errors import DomainError
from common.queue import enqueue
from organizations.models import Organization
from workshops.models import Community, Workshop
from workshops.services import news

_Status = Community.Status


class NoSession(DomainError):
    """The organization has chosen no session, so they would be skipped again."""

    code = "no_session"
    status = 409
    message = "No WhatsApp session is chosen for communities. Choose one, then create what was skipped."


def _skipped(organization_id: str) -> QuerySet[Community]:
    """Nobody needs that of a cancelled workshop, for whatever reason it was skipped."""
    skipped = Community.objects.filter(organization_id=organization_id, status=_Status.SKIPPED)
    return skipped.exclude(workshop__status=Workshop.Status.CANCELLED)


def count_skipped(*, organization_id: str) -> int:
    """How many communities of the organization were skipped."""
    return _skipped(organization_id).count()


@transaction.atomic
def queue_skipped(*, organization_id: str) -> int:
    """
    Queue all communities of the organization that were skipped. Answers how many.

    The sweep starts them; between any two that one number creates lies the usual time.

    :raises NoSession: none is chosen
    """
    if not Organization.objects.filter(pk=organization_id, community_session__isnull=False).exists():
        raise NoSession
    communities = list(_skipped(organization_id).select_for_update(skip_locked=True, of=("self",)))
    Community.objects.filter(pk__in=[community.pk for community in communities]).update(
        status=_Status.QUEUED, run_after=timezone.now(), failures=0, reason="", error_code=""
    )
    for community in communities:
        news.community_changed(community)
    enqueue("workshops.sweep_communities")
    return len(communities)
