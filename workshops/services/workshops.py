"""Workshops: created, changed, synced."""

from datetime import datetime
from typing import Any

from django.db import transaction

from common.errors import DomainError
from whatsapp import services as whatsapp
from whatsapp.models import SyncRun
from workshops.models import Community, ProductMapping, Registration, Tag, Workshop
from workshops.services.locks import lock_orders_of

_CHANGEABLE = frozenset({"title", "description", "starts_at", "ends_at", "tag"})


class NoCommunityGroup(DomainError):
    """The workshop has no group whose members could be synced."""

    code = "no_community_group"
    status = 409
    message = "This workshop has no WhatsApp group yet: see the state of its community."


class CommunityUnderWay(DomainError):
    """A request to create the workshop's community is out, or its outcome is not known."""

    code = "community_under_way"
    status = 409
    message = "Its WhatsApp community is being created right now. Delete the workshop when that has ended."


class WorkshopHasRegistrations(DomainError):
    """Somebody signed up for it."""

    code = "workshop_has_registrations"
    status = 409
    message = "People have registered for this workshop: archive it, or map what they bought to another one first."


@transaction.atomic
def create_workshop(
    *, organization_id: str, title: str, starts_at: datetime, created_by: str,
    description: str = "", ends_at: datetime | None = None, tag: Tag | None = None,
) -> Workshop:  # fmt: skip
    """A new workshop. The signal on its creation queues its community, whoever creates it and however."""
    return Workshop.objects.create(
        organization_id=organization_id, title=title, description=description,
        starts_at=starts_at, ends_at=ends_at, tag=tag, created_by=created_by,
    )  # fmt: skip


@transaction.atomic
def update_workshop(*, workshop: Workshop, **changes: Any) -> Workshop:
    """
    Change a workshop. Its community keeps the name it was given.

    :raises ValueError: a name that cannot be changed, which is a mistake of ours
    """
    if unknown := changes.keys() - _CHANGEABLE:
        raise ValueError(f"not changeable: {', '.join(sorted(unknown))}")
    for name, value in changes.items():
        setattr(workshop, name, value)
    workshop.save(update_fields=[*changes, "updated_at"])
    return workshop


@transaction.atomic
def delete_workshop(*, workshop: Workshop) -> None:
    """
    Delete a workshop with its links of groups. Its community stays in WhatsApp, its groups stay known; one that
    was standalone is that again.

    :raises CommunityUnderWay: a community would appear that belongs to nobody
    :raises WorkshopHasRegistrations: they would be lost
    """
    lock_orders_of(workshop.organization_id)
    if Registration.objects.filter(workshop=workshop).exists():
        raise WorkshopHasRegistrations
    community = Community.objects.select_for_update().filter(workshop=workshop).first()
    if community and (community.status == Community.Status.CREATING or community.is_open):
        raise CommunityUnderWay
    Community.objects.filter(workshop=workshop).exclude(wished_name="").update(workshop=None)
    ProductMapping.objects.filter(workshop=workshop).delete()
    workshop.delete()


def sync_members(*, workshop: Workshop, requested_by: str) -> SyncRun:
    """
    Queue a member sync of the workshop's community group, or return the one under way.

    :raises NoCommunityGroup: there is none yet
    """
    if workshop.community_group is None:
        raise NoCommunityGroup
    return whatsapp.request_sync(group=workshop.community_group, requested_by=requested_by)
