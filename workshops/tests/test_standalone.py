"""Communities of no workshop: over the API, at the gateway, linked later."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common import tenancy
from conftest import Api
from organizations.models import Membership, Organization
from organizations.tests.factories import MembershipFactory
from sandbox.client import Sandbox
from whatsapp.models import Group, Session
from whatsapp.tests.factories import GroupFactory, SessionFactory
from workshops import outbound, services
from workshops.models import Community, Workshop, WorkshopGroup
from workshops.tests.factories import LINK, CommunityFactory, StandaloneFactory, WorkshopFactory, WorkshopGroupFactory

pytestmark = pytest.mark.django_db
at_gateway = pytest.mark.django_db(transaction=True)

WISH = {"name": "Crypto  Alumni ", "description": "For everybody who was there."}


@pytest.fixture
def member() -> Membership:
    return MembershipFactory.create(role="member")


def found(community: Community) -> Community:
    with tenancy.system():
        return Community.objects.with_announcement().select_related("workshop", "parent_group").get(pk=community.pk)


# --- over the API


def test_a_community_is_asked_for_and_queued(api: Api, member: Membership) -> None:
    answer = api(member).post("/api/communities", WISH, format="json")
    body = answer.json()
    assert (answer.status_code, body["status"], body["workshop_id"]) == (201, "queued", None)
    assert (body["title"], body["description"]) == ("Crypto Alumni", WISH["description"])
    assert body["created_by"] == f"user:{member.user_id}"
    assert api(member).get(f"/api/communities/{body['id']}").json() == body


def test_a_second_click_answers_the_same_community(api: Api, member: Membership) -> None:
    first, second = (api(member).post("/api/communities", WISH, format="json") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]


def test_one_of_the_same_name_in_other_words_is_refused_while_the_first_is_not_ready(
    api: Api, member: Membership
) -> None:
    there = StandaloneFactory.create(organization=member.organization, wished_name="Crypto Alumni", status="failed")
    wish = {"name": "CRYPTO  alumni"}
    answer = api(member).post("/api/communities", wish, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "community_name_taken")
    assert "Crypto Alumni" in answer.json()["detail"]
    assert "failed" in answer.json()["detail"]
    with tenancy.system():
        Community.objects.filter(pk=there.pk).update(status="ready")
    assert api(member).post("/api/communities", wish, format="json").status_code == 201
    other = api(MembershipFactory.create())
    assert other.post("/api/communities", wish, format="json").status_code == 201, "names are an organization's own"


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "with \x00"}, "name"),
        ({"name": "A", "description": "x" * 2001}, "description"),
    ],
)
def test_a_bad_wish_is_refused_by_field(api: Api, member: Membership, wish: dict[str, Any], field: str) -> None:
    answer = api(member).post("/api/communities", wish, format="json")
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {field})


def test_communities_of_others_are_404_and_viewers_change_nothing(api: Api, member: Membership) -> None:
    foreign, mine = StandaloneFactory.create(), StandaloneFactory.create(organization=member.organization)
    workshop = WorkshopFactory.create(organization=member.organization)
    link = {"workshop_id": str(workshop.pk)}
    client, viewer = api(member), api(MembershipFactory.create(organization=member.organization, role="viewer"))
    assert client.get(f"/api/communities/{foreign.pk}").status_code == 404
    for caller, community, status in ((client, foreign, 404), (viewer, mine, 403)):
        path = f"/api/communities/{community.pk}"
        assert caller.delete(path).status_code == status
        assert caller.post(f"{path}/retry").status_code == status
        assert caller.post(f"{path}/link", link, format="json").status_code == status
    assert viewer.post("/api/communities", WISH, format="json").status_code == 403
    assert viewer.get(f"/api/communities/{mine.pk}").status_code == 200
    ready = StandaloneFactory.create(organization=member.organization, status="ready")
    theirs = {"workshop_id": str(WorkshopFactory.create().pk)}
    assert client.post(f"/api/communities/{ready.pk}/link", theirs, format="json").status_code == 404


def test_communities_are_listed_and_filtered_in_as_many_queries_for_many(api: Api, member: Membership) -> None:
    client, organization = api(member), member.organization

    def rows(query: str = "") -> tuple[list[dict[str, Any]], int]:
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(f"/api/communities{query}")
        assert answer.status_code == 200
        return answer.json()["results"], len(captured)

    ready = StandaloneFactory.create(organization=organization, status="ready")
    of_workshop = CommunityFactory.create(organization=organization, status="ready")
    StandaloneFactory.create()
    listed, few = rows()
    assert [row["id"] for row in listed] == [str(of_workshop.pk), str(ready.pk)]
    group = found(ready).announcement_group_id  # type: ignore[attr-defined]  # annotated
    assert (listed[1]["community_group_id"], listed[1]["invite_link"]) == (str(group), LINK)
    StandaloneFactory.create_batch(10, organization=organization)
    for _ in range(10):
        CommunityFactory.create(organization=organization, status="ready")
    listed, many = rows()
    assert (len(listed), many) == (22, few)
    assert {row["workshop_id"] for row in rows("?standalone=true")[0]} == {None}
    assert len(rows("?standalone=false&status=ready")[0]) == 11
    assert client.get("/api/communities?status=nonsense").status_code == 400
    assert client.get("/api/communities?page_size=5").json()["next"]


def test_a_skipped_one_is_queued_again_by_retry(api: Api, member: Membership) -> None:
    community = StandaloneFactory.create(organization=member.organization, status="skipped", reason="No session")
    answer = api(member).post(f"/api/communities/{community.pk}/retry")
    assert (answer.status_code, answer.json()["status"], answer.json()["reason"]) == (202, "queued", "")


def test_a_standalone_one_is_deleted_and_its_groups_stay_known(api: Api, member: Membership) -> None:
    ready = StandaloneFactory.create(organization=member.organization, status="ready")
    assert api(member).delete(f"/api/communities/{ready.pk}").status_code == 204
    with tenancy.system():
        assert not Community.objects.exists()
        assert Group.objects.count() == 2


def test_what_is_being_created_or_belongs_to_a_workshop_is_not_deleted(api: Api, member: Membership) -> None:
    organization = member.organization
    busy = StandaloneFactory.create(organization=organization, status="creating")
    open_one = StandaloneFactory.create(organization=organization, status="unknown", requested_at=timezone.now())
    of_workshop = CommunityFactory.create(organization=organization)
    for community, code in (
        (busy, "community_under_way"),
        (open_one, "community_under_way"),
        (of_workshop, "community_of_workshop"),
    ):
        answer = api(member).delete(f"/api/communities/{community.pk}")
        assert (answer.status_code, answer.json()["code"]) == (409, code)


@pytest.mark.parametrize("values", [{}, {"wished_name": "Alumni"}, {"wished_key": "alumni"}])
def test_the_database_wants_a_workshop_or_a_name(member: Membership, values: dict[str, str]) -> None:
    with pytest.raises(IntegrityError, match="have_a_workshop_or_a_name"), tenancy.system():
        Community.objects.create(organization=member.organization, **values)


def test_the_database_lets_one_community_have_a_parent(member: Membership) -> None:
    ready = StandaloneFactory.create(organization=member.organization, status="ready")
    with pytest.raises(IntegrityError, match="one_per_parent"):
        StandaloneFactory.create(organization=member.organization, parent_group=ready.parent_group)


def test_choosing_a_session_says_how_many_were_skipped_and_one_call_queues_them(api: Api) -> None:
    admin = MembershipFactory.create(role="admin")
    client, organization = api(admin), admin.organization
    session = SessionFactory.create(organization=organization)
    StandaloneFactory.create_batch(2, organization=organization, status="skipped", reason="No session")
    CommunityFactory.create(organization=organization, status="skipped", run_after=None)
    for code in ("workshop_cancelled", "no_session"):  # the second one was cancelled after it had been skipped
        CommunityFactory.create(
            organization=organization, status="skipped", error_code=code, workshop__status="cancelled"
        )
    foreign = StandaloneFactory.create(status="skipped")
    queue = "/api/communities/queue-skipped"
    answer = client.post(queue)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_session")
    assert client.post(f"/api/sessions/{session.pk}/choose").json()["skipped_communities"] == 3
    answer = client.post(queue)
    assert (answer.status_code, answer.json()) == (202, {"queued": 3})
    assert len(client.get("/api/communities?status=queued").json()["results"]) == 3
    assert found(foreign).status == "skipped"
    assert client.post(queue).json() == {"queued": 0}
    assert client.post(f"/api/sessions/{session.pk}/choose").json()["skipped_communities"] == 0
    assert services.sweep_communities() == 3, "a lost task loses nothing"
    viewer = api(MembershipFactory.create(organization=organization, role="viewer"))
    assert viewer.post(queue).status_code == 403


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_same", [True, False])
def test_two_clicks_at_the_same_moment_make_one_community(member: Membership, is_same: bool) -> None:
    """The second waits for the first to commit, and finds its row."""
    organization_id = member.organization_id
    both = Barrier(2)

    def click(description: str) -> object:
        try:
            with tenancy.tenant(organization_id):
                both.wait(30)
                made, is_new = services.create_community(
                    organization_id=organization_id, name="Alumni", description=description, created_by="test"
                )
            return made.pk, is_new
        except services.CommunityNameTaken as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(click, ["", "" if is_same else "other"]))
    with tenancy.system():
        only = Community.objects.get()
    assert (only.pk, True) in answers
    assert (only.pk, False) in answers if is_same else "community_name_taken" in answers


# --- at the gateway


@pytest.fixture
def session(sandbox: Sandbox) -> Session:
    """A number that is connected at the gateway and with us, and chosen by its organization."""
    played = sandbox.add_session(phone_number="919800000001")
    session = SessionFactory.create(gateway_session_id=played.session_id, full_phone="+919800000001")
    with tenancy.system():
        Organization.objects.update(community_session=session, community_admin_numbers=["+919811111111"])
    return session


@pytest.fixture
def community(session: Session) -> Community:
    with tenancy.system():
        made, _ = services.create_community(organization_id=session.organization_id, created_by="test", **WISH)
    return made


Step = Callable[[], Community]


@pytest.fixture
def step(community: Community) -> Step:
    """What a worker does next with it, whatever time it is."""

    def run() -> Community:
        now = found(community)
        outbound.create_community(community_id=now.pk, attempt=now.attempt, organization_id=now.organization_id)
        return found(community)

    return run


def parents(sandbox: Sandbox) -> list[str]:
    return [group.jid for group in sandbox.groups() if group.kind == "parent"]


@at_gateway
def test_f15_a_standalone_community_names_the_admins_like_all_others(
    sandbox: Sandbox, community: Community, step: Step
) -> None:
    """Fails without `adminNumbers` in `GatewayClient.create_community`, the only code that creates."""
    made = step()
    assert (made.status, made.reason) == ("ready", "")
    request = sandbox.journal(operation="create_community")[0].body
    assert (request["name"], request["description"]) == ("Crypto Alumni", WISH["description"])
    assert request["adminNumbers"] == ["+919811111111"]
    assert made.invite_link.startswith("https://chat.whatsapp.com/")
    with tenancy.system():
        announcement = Group.objects.get(kind="announcement")
        assert not WorkshopGroup.objects.exists()
    assert made.announcement_group_id == announcement.pk  # type: ignore[attr-defined]  # annotated


@at_gateway
@pytest.mark.parametrize("kind", ["drop_after_commit", "null"])
def test_f16_one_standalone_community_although_the_answer_was_lost(
    sandbox: Sandbox, community: Community, step: Step, kind: str
) -> None:
    """Fails without the look-up in `outbound._step`: the retry would create a second one."""
    fault: dict[str, Any] = {} if kind == "drop_after_commit" else {"after_commit": True}
    sandbox.add_fault("create_community", kind, **fault)
    assert (step().status, found(community).error_code) == ("unknown", "unknown_outcome")
    made = step()
    assert made.status == "ready"
    assert len(sandbox.journal(operation="create_community")) == 1
    assert [made.parent_group.group_jid] == parents(sandbox)  # type: ignore[union-attr]  # a ready one has it


@at_gateway
def test_without_a_session_it_is_skipped_and_with_a_disconnected_one_it_waits(
    sandbox: Sandbox, session: Session, community: Community, step: Step
) -> None:
    with tenancy.system():
        Organization.objects.update(community_session=None)
    assert (step().status, found(community).error_code) == ("skipped", "no_session")
    assert sandbox.journal() == []
    with tenancy.system():
        Organization.objects.update(community_session=session)
        Session.objects.update(status="disconnected")
        services.retry_community(community=community)
    assert step().status == "waiting"
    assert services.sweep_communities() == 0
    with tenancy.system():
        Session.objects.update(status="connected")
    assert services.sweep_communities() == 1
    assert step().status == "ready"


@at_gateway
def test_half_a_community_is_completed(sandbox: Sandbox, step: Step) -> None:
    sandbox.add_fault("create_community", "missing_announcement")
    assert step().status == "partial"
    for group in sandbox.groups():
        sandbox.show_group(group.jid)
    assert step().status == "ready"


@at_gateway
def test_a_look_up_never_takes_a_standalone_community_for_a_workshops(
    sandbox: Sandbox, session: Session, community: Community, step: Step
) -> None:
    """The workshop's request came to nothing, and meanwhile a standalone community of the same name appeared."""
    workshop = WorkshopFactory.create(organization=session.organization, title="Crypto Alumni")
    with tenancy.system():
        Community.objects.filter(workshop=workshop).update(
            status="unknown", requested_at=timezone.now(), session=session, name="Crypto Alumni"
        )
        theirs = Community.objects.get(workshop=workshop)
    assert step().status == "waiting", "of two of one name, one is created after the other"
    played = sandbox.add_community(session.gateway_session_id, "Crypto Alumni")
    with tenancy.system():
        parent = GroupFactory.create(
            organization=session.organization, group_jid=played.parent_jid, kind="community_parent"
        )
        Community.objects.filter(pk=community.pk).update(parent_group=parent, status="ready")
    outbound.create_community(community_id=theirs.pk, attempt=0, organization_id=session.organization_id)
    assert (found(theirs).status, found(theirs).parent_group) == ("unknown", None)


@at_gateway
def test_a_standalone_one_never_takes_a_workshops_community(
    sandbox: Sandbox, session: Session, community: Community, step: Step
) -> None:
    step()
    workshop = WorkshopFactory.create(organization=session.organization, title="Other")
    with tenancy.system():
        group = Group.objects.get(kind="announcement")
        WorkshopGroup.objects.create(organization=session.organization, workshop=workshop, group=group)
        Community.objects.filter(pk=community.pk).update(status="partial", run_after=None)
    again = step()
    assert (again.status, again.run_after) == ("unknown", None)
    assert "belongs to the workshop Other" in again.reason


# --- linked to a workshop later


def linked(client: Any, community: Community, workshop: Workshop) -> Any:
    return client.post(f"/api/communities/{community.pk}/link", {"workshop_id": str(workshop.pk)}, format="json")


@pytest.mark.parametrize("by_group", [True, False])
def test_a_ready_one_is_given_to_a_workshop_and_taken_again(api: Api, member: Membership, by_group: bool) -> None:
    client = api(member)
    ready = StandaloneFactory.create(organization=member.organization, status="ready")
    workshop = WorkshopFactory.create(organization=member.organization)
    path, group = f"/api/workshops/{workshop.pk}/group", {"group_id": str(ready.parent_group_id)}
    answer = client.post(path, group, format="json") if by_group else linked(client, ready, workshop)
    assert answer.status_code == 200
    assert answer.json()["community"]["id"] == str(ready.pk), "it is the same community"
    assert answer.json()["community_group_id"] == str(found(ready).announcement_group_id)  # type: ignore[attr-defined]  # annotated
    assert client.get(f"/api/communities/{ready.pk}").json()["workshop_id"] == str(workshop.pk)
    with tenancy.system():
        assert Community.objects.count() == 1, "none is created for the workshop any more"
        assert WorkshopGroup.objects.filter(workshop=workshop).count() == 2
    assert linked(client, ready, workshop).status_code == 200, "again"
    answer = client.delete(path)
    assert (answer.json()["community"]["status"], answer.json()["community_group_id"]) == ("unlinked", None)
    again = client.get(f"/api/communities/{ready.pk}").json()
    assert (again["status"], again["workshop_id"]) == ("ready", None)
    with tenancy.system():
        assert not WorkshopGroup.objects.exists()
    assert linked(client, ready, workshop).status_code == 200


def test_one_that_belongs_to_another_workshop_or_does_not_exist_yet_is_not_linked(api: Api, member: Membership) -> None:
    client, organization = api(member), member.organization
    ready, queued = (
        StandaloneFactory.create(organization=organization, status=status) for status in ("ready", "queued")
    )
    first, second = WorkshopFactory.create_batch(2, organization=organization)
    linked(client, ready, first)
    assert linked(client, ready, second).json()["code"] == "community_of_workshop"
    assert linked(client, queued, second).json()["code"] == "community_not_ready"
    assert client.post(f"/api/communities/{ready.pk}/link", {}, format="json").status_code == 400
    lease = timezone.now() + timedelta(minutes=1)
    busy = StandaloneFactory.create(organization=organization, status="ready", lease_until=lease)
    assert linked(client, busy, second).json()["code"] == "community_busy"


def test_deleting_its_workshop_sets_it_free(api: Api, member: Membership) -> None:
    client = api(member)
    ready = StandaloneFactory.create(organization=member.organization, status="ready")
    workshop = WorkshopFactory.create(organization=member.organization)
    linked(client, ready, workshop)
    assert client.delete(f"/api/workshops/{workshop.pk}").status_code == 204
    assert (found(ready).status, found(ready).workshop) == ("ready", None)


def test_a_general_group_of_a_community_does_not_stand_for_it(api: Api, member: Membership) -> None:
    ready = StandaloneFactory.create(organization=member.organization, status="ready")
    general = GroupFactory.create(organization=member.organization, parent=ready.parent_group)
    workshop = WorkshopFactory.create(organization=member.organization)
    path = f"/api/workshops/{workshop.pk}/group"
    answer = api(member).post(path, {"group_id": str(general.pk)}, format="json")
    assert (answer.status_code, answer.json()["community"]["parent_group_id"]) == (200, None)
    assert found(ready).is_standalone


def test_a_standalone_community_whose_group_another_workshop_has_linked_stays_where_it_is(
    api: Api, member: Membership
) -> None:
    ready = StandaloneFactory.create(organization=member.organization, status="ready")
    with tenancy.system():
        group = Group.objects.get(kind="announcement")
    first, second = WorkshopFactory.create_batch(2, organization=member.organization)
    WorkshopGroupFactory.create(workshop=first, group=group)
    answer = linked(api(member), ready, second)
    assert (answer.status_code, answer.json()["code"]) == (409, "group_taken")
    assert found(ready).is_standalone
