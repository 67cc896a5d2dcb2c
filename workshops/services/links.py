"""Linking a group that exists to a workshop by hand, and undoing it."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
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
    """A worker is at the community this very moment."""

    code = "community_busy"
    status = 409
    message = "This WhatsApp community is being worked on right now. Try again in a few minutes."


class CommunityNotReady(DomainError):
    """There is nothing yet that could be linked."""

    code = "community_not_ready"
    status = 409
    message = "This community does not exist in WhatsApp yet: see its state. Link it when it is ready."


class CommunityOfWorkshop(DomainError):
    """Only standalone communities are deleted, or given to a workshop."""

    code = "community_of_workshop"
    status = 409
    message = "This community belongs to a workshop. Unlink it there first."


@transaction.atomic
def link_group(*, workshop: Workshop, group: Group, linked_by: str) -> Workshop:
    """
    Let the people of `group` be the workshop's. A community's parent stands for its announcement group.

    The workshop's community is ready then: none is created for it any more. A standalone community whose group it is
    becomes the workshop's. A second call changes nothing.

    :raises GroupNotTrackable: the group is a parent, and its announcement group is not known
    :raises GroupTaken: it belongs to another workshop
    :raises WorkshopHasGroup: the workshop has another group, or a community that is not complete
    :raises CommunityBusy: a worker is at one of the communities
    """
    group = whatsapp.trackable_group(group=group)
    community, standalone = _lock(workshop, group)
    workshop = Workshop.objects.select_related("community_group").get(pk=workshop.pk)
    if workshop.community_group == group:
        return workshop
    _check_free(workshop, community, group)
    if standalone:
        community = _give(standalone, workshop, instead_of=community)
    for each in _family(group):
        _take(workshop, each)
    workshop.community_group = group
    workshop.save(update_fields=["community_group", "updated_at"])
    _become(community, group)
    settle(community, _Status.READY, f"{group} was linked by {linked_by}.")
    whatsapp.request_sync(group=group, requested_by=linked_by)
    return workshop


def is_of_workshop() -> Q:
    """The condition on groups that a workshop has."""
    row = {"organization": OuterRef("organization")}
    links = WorkshopGroup.objects.filter(**row, group=OuterRef("pk"))
    workshops = Workshop.objects.filter(**row, community_group=OuterRef("pk"))
    return Q(Exists(links)) | Q(Exists(workshops))


def link_community(*, community: Community, workshop: Workshop, linked_by: str) -> Workshop:
    """
    Give a standalone community to a workshop, by the rules of `link_group`.

    :raises CommunityOfWorkshop: it belongs to another workshop
    :raises CommunityNotReady: it has no group yet that people could be in
    """
    if community.workshop_id not in (None, workshop.pk):
        raise CommunityOfWorkshop
    if community.parent_group is None:
        raise CommunityNotReady
    return link_group(workshop=workshop, group=community.parent_group, linked_by=linked_by)


@transaction.atomic
def unlink_group(*, workshop: Workshop, unlinked_by: str) -> Workshop:
    """
    Take the workshop its group, and its community if it has one. They stay in WhatsApp, and may be linked again; a
    community that was standalone is that again.

    No community is created for the workshop unless a person says so.

    :raises NoCommunityGroup: it has none
    :raises CommunityBusy: a community is being created for the workshop
    """
    community, _ = _lock(workshop)
    workshop = Workshop.objects.select_related("community_group").get(pk=workshop.pk)
    group = workshop.community_group or community.parent_group
    if group is None:
        raise NoCommunityGroup
    gone = [*_family(group), community.parent_group_id]
    WorkshopGroup.objects.filter(workshop=workshop, group__in=gone).delete()
    workshop.community_group = None
    workshop.save(update_fields=["community_group", "updated_at"])
    if community.wished_name:
        community = _set_free(community, workshop)
    _become(community, None)
    reason = f"{group} was unlinked by {unlinked_by}. Link a group, or try again to have a community created."
    settle(community, _Status.UNLINKED, reason)
    return workshop


def _become(community: Community, group: Group | None) -> None:
    """The community of `group`, or none. What was requested before does not matter any more."""
    community.parent_group, community.session = (_parent(group), group.session) if group else (None, None)
    community.name, community.ready_at = (group.name, timezone.now()) if group else ("", None)
    community.requested_at = community.not_before = None
    community.save(update_fields=["parent_group", "session", "name", "ready_at", "requested_at", "not_before"])


def _give(standalone: Community, workshop: Workshop, *, instead_of: Community) -> Community:
    """The standalone community is the workshop's, and takes the place of the one that was to be created."""
    instead_of.delete()
    standalone.workshop = workshop
    standalone.save(update_fields=["workshop"])
    return standalone


def _set_free(community: Community, workshop: Workshop) -> Community:
    """The community is standalone again. Answers the one that the workshop has instead."""
    community.workshop = None
    community.save(update_fields=["workshop"])
    return Community.objects.create(organization_id=workshop.organization_id, workshop=workshop)


def _lock(workshop: Workshop, group: Group | None = None) -> tuple[Community, Community | None]:
    """
    The workshop's community, made now for one that no signal announced, and the standalone one that has `group`.

    Both are locked before the groups are, which is the order that workers keep, too.
    """
    Community.objects.get_or_create(workshop=workshop, defaults={"organization_id": workshop.organization_id})
    parent = _parent(group) if group else None
    is_meant = Q(workshop=workshop) | (Q(workshop=None, parent_group=parent) if parent else Q())
    rows = Community.objects.select_related("parent_group").select_for_update(of=("self",)).order_by("pk")
    found = list(rows.filter(is_meant, organization_id=workshop.organization_id))
    if any(community.is_leased for community in found):
        raise CommunityBusy
    whatsapp.lock_groups_of(workshop.organization_id)
    standalone = next((community for community in found if community.is_standalone), None)
    if parent and standalone is None and Community.objects.filter(workshop=None, parent_group=parent).exists():
        raise CommunityBusy  # a worker has found it in this very moment
    return next(community for community in found if community != standalone), standalone


def _check_free(workshop: Workshop, community: Community, group: Group) -> None:
    if workshop.community_group:
        raise WorkshopHasGroup(workshop.community_group)
    if community.parent_group and community.parent_group != _parent(group):
        raise WorkshopHasGroup(community.parent_group)
    if other := Workshop.objects.filter(community_group=group).first():
        raise GroupTaken(group, other)


def _parent(group: Group) -> Group | None:
    """The community of a group that holds all its people; any other group of it does not stand for it."""
    return group.parent if group.kind == Group.Kind.ANNOUNCEMENT else None


def _family(group: Group) -> list[Group]:
    parent = _parent(group)
    return [parent, group] if parent else [group]


def _take(workshop: Workshop, group: Group) -> None:
    """Write the link; whoever came first has it."""
    link, _ = WorkshopGroup.objects.select_related("workshop").get_or_create(
        organization_id=workshop.organization_id, group=group, defaults={"workshop": workshop}
    )
    if link.workshop_id != workshop.pk:
        raise GroupTaken(group, link.workshop)
