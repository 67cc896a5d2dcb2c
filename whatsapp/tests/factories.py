"""Sessions, groups, members and syncs for tests."""

# factory_boy's declarations are untyped:
# mypy: disable-error-code="no-untyped-call"

import uuid
from datetime import timedelta

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory, Trait

from organizations.tests.factories import OrganizationFactory, TenantFactory
from whatsapp.models import Group, GroupMember, GroupSession, MembershipEvent, Session, SyncRun


class SessionFactory(TenantFactory[Session]):
    """A connected number."""

    class Meta:
        model = Session

    organization = SubFactory(OrganizationFactory)
    label = Sequence(lambda number: f"Number {number}")
    gateway_session_id = LazyFunction(lambda: f"wa_{uuid.uuid4()}")
    full_phone = Sequence(lambda number: f"+9190{number:08d}")
    status = Session.Status.CONNECTED
    last_seen_at = LazyFunction(timezone.now)


class GroupFactory(TenantFactory[Group]):
    """An ordinary group; with `announcement=True` a community's announcement group, with its parent."""

    _follows = ("session", "parent")

    class Meta:
        model = Group

    class Params:
        announcement = Trait(
            kind=Group.Kind.ANNOUNCEMENT,
            parent=SubFactory(
                "whatsapp.tests.factories.GroupFactory",
                kind=Group.Kind.COMMUNITY_PARENT,
                organization=SelfAttribute("..organization"),
                session=SelfAttribute("..session"),
                name=SelfAttribute("..name"),
            ),
        )

    organization = SubFactory(OrganizationFactory)
    session = SubFactory(SessionFactory, organization=SelfAttribute("..organization"))
    group_jid = Sequence(lambda number: f"1203630{number:011d}@g.us")
    name = Sequence(lambda number: f"Group {number}")


class GroupMemberFactory(TenantFactory[GroupMember]):
    """Somebody who is in a group now; `status="left"` is somebody who was."""

    _follows = ("group",)

    class Meta:
        model = GroupMember

    organization = SubFactory(OrganizationFactory)
    group = SubFactory(GroupFactory, organization=SelfAttribute("..organization"))
    lid = Sequence(lambda number: f"17300{number:010d}@lid")
    phone_number = Sequence(lambda number: f"98{number:08d}")
    full_phone = LazyAttribute(lambda member: member.phone_number and f"+91{member.phone_number}")
    joined_at = LazyFunction(lambda: timezone.now() - timedelta(days=1))
    left_at = LazyAttribute(lambda member: timezone.now() if member.status == "left" else None)
    status = GroupMember.Status.ACTIVE


class SyncRunFactory(TenantFactory[SyncRun]):
    """A sync that is done; another `status` is up to the test, `doubts` included."""

    _follows = ("group",)

    class Meta:
        model = SyncRun

    organization = SubFactory(OrganizationFactory)
    group = SubFactory(GroupFactory, organization=SelfAttribute("..organization"))
    status = SyncRun.Status.DONE
    requested_by = "test"
    started_at = LazyAttribute(lambda run: None if run.status == "queued" else timezone.now())
    finished_at = LazyAttribute(lambda run: None if run.status in SyncRun.UNDER_WAY else timezone.now())


class MembershipEventFactory(TenantFactory[MembershipEvent]):
    """Somebody joined, as an event told."""

    _follows = ("member", "group")

    class Meta:
        model = MembershipEvent

    organization = SubFactory(OrganizationFactory)
    member = SubFactory(GroupMemberFactory, organization=SelfAttribute("..organization"))
    group = SelfAttribute("member.group")
    action = MembershipEvent.Action.JOIN
    source = MembershipEvent.Source.EVENT
    occurred_at = LazyFunction(timezone.now)
    stamp = SelfAttribute("occurred_at")


class GroupSessionFactory(TenantFactory[GroupSession]):
    """A number that is in a group, as an admin."""

    _follows = ("group", "session")

    class Meta:
        model = GroupSession

    organization = SubFactory(OrganizationFactory)
    group = SubFactory(GroupFactory, organization=SelfAttribute("..organization"))
    session = SubFactory(SessionFactory, organization=SelfAttribute("..organization"))
    is_admin = True
    seen_at = LazyFunction(timezone.now)
