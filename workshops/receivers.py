"""What workshops hear."""

import logging
from typing import Any
from uuid import UUID

from django.contrib.admin.utils import quote
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.urls import reverse

from whatsapp.models import Group, Session
from whatsapp.signals import (
    Skipped,
    announcements_listed,
    members_changed,
    session_replaced,
    skipped_asked,
    taken_groups_asked,
)
from workshops import services
from workshops.models import Workshop

log = logging.getLogger(__name__)


@receiver(post_save, sender=Workshop, dispatch_uid="queue the community of a new workshop")
def workshop_created(instance: Workshop, created: bool, raw: bool = False, **_: Any) -> None:
    """
    Queue a new workshop's community, whoever created the workshop: API, admin, ingest, shell.

    A failure here never fails the workshop: the sweep queues what has no community.
    """
    if not created or raw:
        return
    try:
        with transaction.atomic():
            services.queue_community(workshop=instance)
    except DatabaseError:
        log.exception("the community of workshop %s could not be queued; the sweep will", instance.pk)


@receiver(session_replaced, dispatch_uid="communities follow their relinked number")
def number_was_relinked(old: Session, new: Session, **_: Any) -> None:
    """Communities that were created or are looked up through the old session go on with the new one."""
    services.move_communities(old=old, new=new)


@receiver(members_changed, dispatch_uid="pages that show the members hear of it")
def members_were_changed(organization_id: str, group_id: UUID, run_id: UUID | None, **_: Any) -> None:
    """Open pages of the workshops whose people these are load them anew."""
    services.tell_of_members(organization_id=organization_id, group_id=group_id, run_id=run_id)


@receiver(announcements_listed, dispatch_uid="communities find their announcement groups")
def announcements_were_listed(groups: list[Group], **_: Any) -> None:
    """A community that misses one of these goes on now."""
    services.complete_communities(groups=groups)


@receiver(taken_groups_asked, dispatch_uid="a group belongs to one workshop")
def groups_of_workshops_are_taken(**_: Any) -> Q:
    """Groups that are linked to a workshop are not offered to another one."""
    return services.is_of_workshop()


@receiver(skipped_asked, dispatch_uid="skipped communities are offered")
def communities_were_skipped(organization_id: str, **_: Any) -> Skipped:
    """How many, and where staff start them."""
    page = reverse("admin:workshops_community_queue_skipped", args=[quote(organization_id)])
    return Skipped(services.count_skipped(organization_id=organization_id), page)
