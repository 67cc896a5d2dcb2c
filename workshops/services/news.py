"""What open pages are told of a workshop, after commit."""

from functools import partial
from uuid import UUID

from common import live, tenancy
from common.commits import once_after_commit
from organizations.models import Membership
from organizations.roles import RIGHTS, Right
from workshops.models import Community, Workshop


def community_changed(community: Community) -> None:
    """Tell, once the transaction under way has committed, that a workshop's community is in another state."""
    if community.is_standalone:
        return
    workshop_id = str(community.workshop_id)
    facts = {"type": "community", "workshop_id": workshop_id}
    once_after_commit(("community changed", workshop_id), partial(live.publish, workshop_id, **facts))


def registrations_changed(workshop_id: UUID) -> None:
    """Tell, once the transaction under way has committed, that other people are registered, or they differently."""
    facts = {"type": "registrations", "workshop_id": str(workshop_id)}
    once_after_commit(("registrations changed", workshop_id), partial(live.publish, str(workshop_id), **facts))


def tell_of_members(*, organization_id: str, group_id: UUID, run_id: UUID | None) -> None:
    """Tell now that the members of a group are others, or that a sync of them (`run_id`) has ended."""
    with tenancy.tenant(organization_id):
        workshops = Workshop.objects.filter(organization_id=organization_id, community_group=group_id)
        ids = [str(pk) for pk in workshops.values_list("pk", flat=True)]
    facts = {"type": "sync", "run_id": str(run_id)} if run_id else {"type": "members"}
    for workshop_id in ids:
        live.publish(workshop_id, **facts, workshop_id=workshop_id)


def may_follow(*, organization_id: str, user_id: str, workshop_id: str) -> bool:
    """Whether the person is still a member who may read, and the workshop is still there."""
    with tenancy.tenant(organization_id, user_id=user_id):
        membership = Membership.objects.filter(organization_id=organization_id, user_id=user_id).first()
        if membership is None or Right.READ not in RIGHTS.get(membership.role, frozenset()):
            return False
        return Workshop.objects.filter(organization_id=organization_id, pk=workshop_id).exists()
