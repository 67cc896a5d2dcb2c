"""Linking a group to a workshop by hand, and communities whose announcement group shows up in a list."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common import tenancy
from conftest import Api
from organizations.models import Membership, Organization
from organizations.tests.factories import MembershipFactory
from sandbox.client import Sandbox
from webhooks import dispatch
from webhooks.models import Delivery
from whatsapp import outbound as whatsapp
from whatsapp import services as whatsapp_services
from whatsapp.models import Group, Session, SyncRun
from whatsapp.tests.factories import GroupFactory, SessionFactory
from workshops import outbound, services
from workshops.models import Community, Workshop, WorkshopGroup
from workshops.tests.factories import CommunityFactory, WorkshopFactory, WorkshopGroupFactory, workshop_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Membership:
    return MembershipFactory.create(role="member")


@pytest.fixture
def workshop(member: Membership) -> Workshop:
    return WorkshopFactory.create(organization=member.organization)


@pytest.fixture
def group(member: Membership) -> Group:
    return GroupFactory.create(organization=member.organization, announcement=True)


def community_of(workshop: Workshop) -> Community:
    with tenancy.system():
        return Community.objects.select_related("workshop", "parent_group").get(workshop=workshop)


def linked(workshop: Workshop) -> set[object]:
    with tenancy.system():
        return set(WorkshopGroup.objects.filter(workshop=workshop).values_list("group_id", flat=True))


def test_a_group_is_linked_and_no_community_is_created_any_more(
    api: Api, member: Membership, workshop: Workshop, group: Group
) -> None:
    path = f"/api/workshops/{workshop.pk}/group"
    answer = api(member).post(path, {"group_id": str(group.pk)}, format="json")
    assert (answer.status_code, answer.json()["community_group_id"]) == (200, str(group.pk))
    community = community_of(workshop)
    assert (community.status, community.parent_group) == ("ready", group.parent)
    assert community.reason == f"{group} was linked by user:{member.user_id}."
    assert linked(workshop) == {group.pk, group.parent_id}
    with tenancy.system():
        assert services.claim_community(community_id=community.pk, attempt=community.attempt) is None
        assert SyncRun.objects.get().group_id == group.pk
    with tenancy.system():
        Community.objects.update(run_after=timezone.now() - timedelta(hours=1))
    assert services.sweep_communities() == 0


def test_linking_again_changes_nothing(api: Api, member: Membership, workshop: Workshop, group: Group) -> None:
    path, wish = f"/api/workshops/{workshop.pk}/group", {"group_id": str(group.pk)}
    first, second = (api(member).post(path, wish, format="json").json() for _ in range(2))
    assert first == second


def test_an_ordinary_group_holds_a_workshops_people_as_well(api: Api, member: Membership, workshop: Workshop) -> None:
    single = GroupFactory.create(organization=member.organization)
    answer = api(member).post(f"/api/workshops/{workshop.pk}/group", {"group_id": str(single.pk)}, format="json")
    assert answer.json()["community"]["status"] == "ready"
    assert (community_of(workshop).parent_group, linked(workshop)) == (None, {single.pk})
    assert api(member).delete(f"/api/workshops/{workshop.pk}").status_code == 204


def test_f12_a_parent_stands_for_its_announcement_group_or_is_refused_by_name(
    api: Api, member: Membership, workshop: Workshop, group: Group
) -> None:
    """Fails without `trackable_group` in `links.link_group`."""
    path = f"/api/workshops/{workshop.pk}/group"
    lonely = GroupFactory.create(organization=member.organization, kind="community_parent")
    answer = api(member).post(path, {"group_id": str(lonely.pk)}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "group_is_community_parent")
    assert lonely.name in answer.json()["detail"]
    answer = api(member).post(path, {"group_id": str(group.parent_id)}, format="json")
    assert answer.json()["community_group_id"] == str(group.pk)


@pytest.mark.parametrize("by_link", [True, False])
def test_a_group_of_another_workshop_is_refused_by_its_name(
    api: Api, member: Membership, workshop: Workshop, group: Group, by_link: bool
) -> None:
    other = WorkshopFactory.create(organization=member.organization, community_group=None if by_link else group)
    if by_link:
        WorkshopGroupFactory.create(workshop=other, group=group)
    answer = api(member).post(f"/api/workshops/{workshop.pk}/group", {"group_id": str(group.pk)}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "group_taken")
    assert other.title in answer.json()["detail"]
    assert (community_of(workshop).status, linked(workshop)) == ("queued", set())


def test_a_workshop_with_a_group_or_half_a_community_keeps_it(api: Api, member: Membership, group: Group) -> None:
    ready = CommunityFactory.create(organization=member.organization, status="ready")
    parent = GroupFactory.create(organization=member.organization, kind="community_parent")
    partial = CommunityFactory.create(organization=member.organization, status="partial", parent_group=parent)
    for community in (ready, partial):
        path = f"/api/workshops/{community.workshop_id}/group"
        answer = api(member).post(path, {"group_id": str(group.pk)}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (409, "workshop_has_group")


def test_while_a_community_is_being_created_nothing_is_linked(api: Api, member: Membership, group: Group) -> None:
    lease = timezone.now() + timedelta(minutes=1)
    community = CommunityFactory.create(organization=member.organization, status="creating", lease_until=lease)
    path = f"/api/workshops/{community.workshop_id}/group"
    answer = api(member).post(path, {"group_id": str(group.pk)}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "community_busy")


def test_a_person_settles_an_outcome_that_nobody_knows(api: Api, member: Membership, group: Group) -> None:
    community = CommunityFactory.create(
        organization=member.organization, status="unknown", requested_at=timezone.now(), run_after=None
    )
    path = f"/api/workshops/{community.workshop_id}/group"
    assert api(member).post(path, {"group_id": str(group.pk)}, format="json").status_code == 200
    assert not community_of(workshop_of(community)).is_open


def test_a_group_is_unlinked_and_may_be_linked_again(
    api: Api, member: Membership, workshop: Workshop, group: Group
) -> None:
    client, path = api(member), f"/api/workshops/{workshop.pk}/group"
    client.post(path, {"group_id": str(group.pk)}, format="json")
    answer = client.delete(path)
    assert (answer.status_code, answer.json()["community_group_id"]) == (200, None)
    assert answer.json()["community"]["status"] == "unlinked"
    assert "was unlinked by user:" in answer.json()["community"]["reason"]
    assert linked(workshop) == set()
    assert services.sweep_communities() == 0, "nobody creates one by itself"
    assert client.delete(path).json()["code"] == "no_community_group"
    assert client.post(path, {"group_id": str(group.pk)}, format="json").status_code == 200


def test_after_unlinking_a_person_may_have_a_community_created(api: Api, member: Membership) -> None:
    community = CommunityFactory.create(organization=member.organization, status="ready")
    api(member).delete(f"/api/workshops/{community.workshop_id}/group")
    answer = api(member).post(f"/api/workshops/{community.workshop_id}/community/retry")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")


def test_groups_and_workshops_of_others_are_404_and_viewers_link_nothing(
    api: Api, member: Membership, workshop: Workshop, group: Group
) -> None:
    client, foreign = api(member), WorkshopFactory.create()
    mine, theirs = f"/api/workshops/{workshop.pk}/group", f"/api/workshops/{foreign.pk}/group"
    assert client.post(mine, {"group_id": str(GroupFactory.create().pk)}, format="json").status_code == 404
    assert client.post(theirs, {"group_id": str(group.pk)}, format="json").status_code == 404
    assert client.delete(theirs).status_code == 404
    assert client.post(mine, {"group_id": "x"}, format="json").json()["fields"].keys() == {"group_id"}
    viewer = api(MembershipFactory.create(organization=member.organization, role="viewer"))
    assert viewer.post(mine, {"group_id": str(group.pk)}, format="json").status_code == 403
    assert viewer.delete(mine).status_code == 403


def test_only_groups_that_can_be_linked_are_offered(
    api: Api, member: Membership, workshop: Workshop, group: Group
) -> None:
    """Neither parents, nor groups that a workshop has, by a link or as the group of its people."""
    linked_one = WorkshopGroupFactory.create(workshop=workshop).group
    WorkshopFactory.create(
        organization=member.organization, community_group=GroupFactory.create(organization=member.organization)
    )
    client = api(member)
    with CaptureQueriesContext(connection) as captured:
        offered = client.get("/api/groups?linkable=true").json()["results"]
    assert [row["id"] for row in offered] == [str(group.pk)]
    assert len(captured) < 15
    everything = [row["id"] for row in client.get("/api/groups?linkable=false").json()["results"]]
    assert {str(linked_one.pk), str(group.parent_id)} < set(everything)


# --- communities whose announcement group shows up


@pytest.fixture
def session(sandbox: Sandbox) -> Session:
    """A number that creates its organization's communities."""
    played = sandbox.add_session(phone_number="919800000001")
    session = SessionFactory.create(gateway_session_id=played.session_id)
    with tenancy.system():
        Organization.objects.update(community_session=session)
    return session


@pytest.fixture
def partial(sandbox: Sandbox, session: Session) -> Community:
    """Half a community, whose own schedule is far away; its announcement group is in the gateway's list by now."""
    workshop = WorkshopFactory.create(organization=session.organization)
    sandbox.add_fault("create_community", "missing_announcement")
    step(community_of(workshop))
    community = community_of(workshop)
    assert community.status == "partial"
    assert community.parent_group is not None
    with tenancy.system():
        Community.objects.update(run_after=timezone.now() + timedelta(hours=1))
    sandbox.show_group(community.parent_group.group_jid)
    return community


def goes_on(partial: Community) -> None:
    """It is started within moments, and becomes ready."""
    community = community_of(workshop_of(partial))
    assert community.run_after is not None
    assert community.run_after < timezone.now() + timedelta(minutes=1)
    step(community)
    assert community_of(workshop_of(partial)).status == "ready"


@pytest.mark.django_db(transaction=True)
def test_a_partial_community_goes_on_when_a_list_shows_its_announcement_group(
    sandbox: Sandbox, session: Session, partial: Community
) -> None:
    """Fails without the receiver of `announcements_listed`: it would wait for its own schedule."""
    with tenancy.system():
        whatsapp_services.request_group_list(session=session)
    whatsapp.sync_groups(session_id=session.pk, organization_id=session.organization_id)
    goes_on(partial)


@pytest.mark.django_db(transaction=True)
def test_a_partial_community_goes_on_when_somebody_joins_its_announcement_group(
    sandbox: Sandbox, session: Session, partial: Community
) -> None:
    """
    Fails without `heard_of_unknown_group` in `inbound._group`: the group would be unknown until the next day's list.

    However many events come, the list is asked for once; then they are placed.
    """
    with tenancy.system():
        Session.objects.update(groups_due_at=timezone.now() + timedelta(hours=20))
    announcement = next(group for group in sandbox.groups() if group.kind == "announcement")
    sandbox.webhooks.configure(url="http://127.0.0.1:9/webhooks/whatsapp/main", holds=True)
    people = sandbox.join(announcement.jid, 3)
    deliver(sandbox)
    with tenancy.system():
        assert set(Delivery.objects.values_list("status", flat=True)) == {"parked"}
        session.refresh_from_db()
    assert session.last_event_at is not None
    assert whatsapp_services.sweep_group_lists() == 1
    whatsapp.sync_groups(session_id=session.pk, organization_id=session.organization_id)
    goes_on(partial)
    dispatch.drain(source="whatsapp")
    with tenancy.system():
        group = Group.objects.get(group_jid=announcement.jid)
        assert group.members.filter(lid__in=[person.lid for person in people], status="active").count() == 3


@pytest.mark.django_db(transaction=True)
def test_unknown_groups_do_not_make_us_ask_again_and_again(sandbox: Sandbox, session: Session) -> None:
    with tenancy.system():
        whatsapp_services.request_group_list(session=session)
        due_at = timezone.now() + timedelta(hours=20)
        Session.objects.update(groups_due_at=due_at)
        whatsapp_services.heard_of_unknown_group(session=session, at=timezone.now())
        session.refresh_from_db()
    assert session.groups_due_at is not None
    assert timedelta(minutes=4) < session.groups_due_at - timezone.now() < timedelta(minutes=6)
    assert whatsapp_services.sweep_group_lists() == 0


@pytest.mark.django_db(transaction=True)
def test_a_group_that_the_list_did_not_show_after_its_event_is_not_asked_for_again(session: Session) -> None:
    """A parked event is tried for days."""
    with tenancy.system():
        due_at, told_at = timezone.now() + timedelta(hours=20), timezone.now() - timedelta(hours=1)
        Session.objects.update(groups_due_at=due_at, groups_synced_at=timezone.now(), groups_started_at=told_at)
        whatsapp_services.heard_of_unknown_group(session=session, at=told_at)
        session.refresh_from_db()
        assert session.groups_due_at == due_at
        whatsapp_services.heard_of_unknown_group(session=session, at=timezone.now())
        session.refresh_from_db()
        assert session.groups_due_at != due_at


def deliver(sandbox: Sandbox) -> None:
    """Bring what the gateway holds to our door, and let a worker drain the inbox."""
    for post in sandbox.webhooks.take():
        left_out = ("content-type", "content-length")
        names = {name: value for name, value in post.headers.items() if name.lower() not in left_out}
        answer = Client().post("/webhooks/whatsapp/main", post.body, content_type="application/json", headers=names)
        assert answer.status_code == 200
    dispatch.drain(source="whatsapp")


def step(community: Community) -> None:
    outbound.create_community(
        community_id=community.pk, attempt=community.attempt, organization_id=community.organization_id
    )
