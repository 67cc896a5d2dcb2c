"""Groups as rows: one per organization and JID, whichever session sees it."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from webhooks.services import unpark
from whatsapp.client import CreatedCommunity
from whatsapp.models import Group, GroupSession, Session
from whatsapp.models.group import GroupQuerySet
from whatsapp.services.locks import lock_groups_of
from whatsapp.signals import taken_groups_asked


@dataclass(frozen=True, slots=True)
class CommunityGroups:
    """A community's two rows. People are in the announcement group; it is None until it is found."""

    parent: Group
    announcement: Group | None


@transaction.atomic
def store_community(*, session: Session, name: str, created: CreatedCommunity) -> CommunityGroups:
    """
    Store parent and announcement group of a community that `session` created, and is an admin of.

    A second call changes nothing more.
    """
    lock_groups_of(session.organization_id)
    parent = _store(session, created.parent_jid, name, Group.Kind.COMMUNITY_PARENT, None, created.invite_link)
    if created.announcement_jid is None:
        return CommunityGroups(parent, None)
    kind = Group.Kind.ANNOUNCEMENT
    return CommunityGroups(parent, _store(session, created.announcement_jid, name, kind, parent, created.invite_link))


def _store(session: Session, jid: str, name: str, kind: str, parent: Group | None, link: str) -> Group:
    facts = {"session": session, "name": name, "kind": kind, "parent": parent}
    if link:
        facts["invite_link"] = link
    group, is_new = Group.objects.update_or_create(
        organization_id=session.organization_id, group_jid=jid, defaults=facts
    )
    if is_new:
        unpark(waits_for=waits_for_group(group.organization_id, group.group_jid))
    GroupSession.objects.get_or_create(
        organization_id=session.organization_id, group=group, session=session,
        defaults={"is_admin": True, "seen_at": timezone.now()},
    )  # fmt: skip
    return group


def waits_for_group(organization_id: str, jid: str) -> str:
    """What deliveries about an unknown group are parked for."""
    return f"whatsapp group {organization_id} {jid}"


def linkable(groups: GroupQuerySet) -> GroupQuerySet:
    """Those of `groups` that hold people and that none of the apps above has a use for yet."""
    groups = groups.trackable()
    for _, is_taken in taken_groups_asked.send(sender=Group):
        groups = groups.exclude(is_taken)
    return groups


#: Why a group that holds people is not among the `listable`, although a connected number is in it.
UNLISTABLE = (
    "Only its admins see all people of an announcement group, and none of your connected numbers is one. Make a number "
    "an admin in WhatsApp, then sync its list of groups."
)


def listable(groups: GroupQuerySet) -> GroupQuerySet:
    """
    Those of `groups` that hold people, all of whom a connected number may see.

    An announcement group shows all its people to its admins only: it is left out where each connected number in it is
    known to be none. Such a list would be suspicious every time.
    """
    connected = Session.Status.CONNECTED
    own = Session.objects.filter(organization=OuterRef("organization"), pk=OuterRef("session"), status=connected)
    seen = GroupSession.objects.filter(organization=OuterRef("organization"), group=OuterRef("pk"))
    own_is_none = Exists(seen.filter(session=OuterRef("session"), is_admin=False))
    others = seen.filter(session__status=connected)
    sees_all = Exists(others.exclude(is_admin=False)) | (Exists(own) & ~own_is_none)
    is_open = ~Q(kind=Group.Kind.ANNOUNCEMENT) & (Exists(others) | Exists(own))
    return groups.trackable().filter(is_open | sees_all)


def learn_admin(*, group: Group, session: Session, is_admin: bool) -> None:
    """The group's people, or an event, have shown whether `session` is an admin of it. Written when it is news."""
    seen, is_new = GroupSession.objects.get_or_create(
        organization_id=group.organization_id, group=group, session=session,
        defaults={"is_admin": is_admin, "seen_at": timezone.now()},
    )  # fmt: skip
    if not is_new and seen.is_admin is not is_admin:
        GroupSession.objects.filter(pk=seen.pk).update(is_admin=is_admin)


@transaction.atomic
def store_invite_link(*, group: Group, link: str) -> Group:
    """Keep a group's invite link; a community's parent and announcement group share theirs."""
    lock_groups_of(group.organization_id)
    parent_id = group.parent_id or group.pk
    family = Q(pk=group.pk)
    if group.kind != Group.Kind.GROUP:
        family |= Q(pk=parent_id) | Q(parent_id=parent_id, kind=Group.Kind.ANNOUNCEMENT)
    Group.objects.filter(family).update(invite_link=link)
    group.invite_link = link
    return group
