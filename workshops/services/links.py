"""Linking a group that exists to a workshop by hand, and undoing it."""

from django.db import transaction
from django.utils import timezone

from common.errors import DomainError
from whatsapp import services as whatsapp
from whatsapp.models import Group
from workshops.models import Community, Workshop, WorkshopGroup
from workshops.services.outcomes import settle
from workshops.services.workshops import NoCommunityGroup

_Status = Community.Status


class GroupTaken(DomainError):
    """One group belongs to one workshop."""

    code = "group_taken"
    status = 409

    def __init__(self, group: Group, workshop: Workshop) -> None:
        super().__init__(f"{group} belongs to the workshop {workshop}. Unlink it there first.")


class WorkshopHasGroup(DomainError):
    """A workshop's people are in one group."""

    code = "workshop_has_group"
    status = 409

    def __init__(self, group: Group) -> None:
        super().__init__(f"This workshop has a WhatsApp group: {group}. Unlink it first.")


class CommunityBusy(DomainError):
    """A worker is at the workshop's community this very moment."""

    code = "community_busy"
    status = 409
    message = "The WhatsApp community of this workshop is being worked on right now. Try again in a few minutes."


@transaction.atomic
def link_group(*, workshop: Workshop, group: Group, linked_by: str) -> Workshop:
    """
    Let the people of `group` be the workshop's. A community's parent stands for its announcement group.

    The workshop's community is ready then: none is created for it any more. A second call changes nothing.

    :raises GroupNotTrackable: the group is a parent, and its announcement group is not known
    :raises GroupTaken: it belongs to another workshop
    :raises WorkshopHasGroup: the workshop has another group, or a community that is not complete
    :raises CommunityBusy: a community is being created for the workshop
    """
    group = whatsapp.trackable_group(group=group)
    community = _community(workshop)
    workshop = Workshop.objects.select_related("community_group").get(pk=workshop.pk)
    if workshop.community_group == group:
        return workshop
    _check_free(workshop, community, group)
    for each in _family(group):
        _take(workshop, each)
    workshop.community_group = group
    workshop.save(update_fields=["community_group", "updated_at"])
    _become(community, group)
    settle(community, _Status.READY, f"{group} was linked by {linked_by}.")
    whatsapp.request_sync(group=group, requested_by=linked_by)
    return workshop


@transaction.atomic
def unlink_group(*, workshop: Workshop, unlinked_by: str) -> Workshop:
    """
    Take the workshop its group, and its community if it has one. They stay in WhatsApp, and may be linked again.

    No community is created for the workshop unless a person says so.

    :raises NoCommunityGroup: it has none
    :raises CommunityBusy: a community is being created for the workshop
    """
    community = _community(workshop)
    workshop = Workshop.objects.select_related("community_group").get(pk=workshop.pk)
    group = workshop.community_group or community.parent_group
    if group is None:
        raise NoCommunityGroup
    gone = [*_family(group), community.parent_group_id]
    WorkshopGroup.objects.filter(workshop=workshop, group__in=gone).delete()
    workshop.community_group = None
    workshop.save(update_fields=["community_group", "updated_at"])
    _become(community, None)
    reason = f"{group} was unlinked by {unlinked_by}. Link a group, or try again to have a community created."
    settle(community, _Status.UNLINKED, reason)
    return workshop


def _become(community: Community, group: Group | None) -> None:
    """The community of `group`, or none. What was requested before does not matter any more."""
    community.parent_group, community.session = (group.parent, group.session) if group else (None, None)
    community.name, community.ready_at = (group.name, timezone.now()) if group else ("", None)
    community.requested_at = community.not_before = None
    community.save(update_fields=["parent_group", "session", "name", "ready_at", "requested_at", "not_before"])


def _community(workshop: Workshop) -> Community:
    """The workshop's community, locked; made now for a workshop that no signal announced."""
    Community.objects.get_or_create(workshop=workshop, defaults={"organization_id": workshop.organization_id})
    rows = Community.objects.select_related("parent_group").select_for_update(of=("self",))
    community = rows.get(workshop=workshop)
    if community.is_leased:
        raise CommunityBusy
    return community


def _check_free(workshop: Workshop, community: Community, group: Group) -> None:
    if workshop.community_group:
        raise WorkshopHasGroup(workshop.community_group)
    if community.parent_group and community.parent_group_id != group.parent_id:
        raise WorkshopHasGroup(community.parent_group)
    if other := Workshop.objects.filter(community_group=group).first():
        raise GroupTaken(group, other)


def _family(group: Group) -> list[Group]:
    return [group.parent, group] if group.parent and group.kind == Group.Kind.ANNOUNCEMENT else [group]


def _take(workshop: Workshop, group: Group) -> None:
    """Write the link; whoever came first has it."""
    link, _ = WorkshopGroup.objects.select_related("workshop").get_or_create(
        organization_id=workshop.organization_id, group=group, defaults={"workshop": workshop}
    )
    if link.workshop_id != workshop.pk:
        raise GroupTaken(group, link.workshop)
