"""Communities: created once, whatever the gateway does. The sandbox plays it over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connections
from django.db.models import RestrictedError
from django.utils import timezone

from common import tenancy
from common.jobs import AttemptTaken
from common.tests.processes import wait_until
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory
from sandbox.client import Sandbox
from whatsapp.models import Group, Session
from whatsapp.tests.factories import SessionFactory
from workshops import outbound, services
from workshops.models import Community, Workshop, WorkshopGroup
from workshops.tests.factories import TagFactory, WorkshopFactory, workshop_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def session(sandbox: Sandbox) -> Session:
    """A number that is connected at the gateway and with us, and chosen by its organization."""
    organization = OrganizationFactory.create(community_admin_numbers=["+919811111111", "+919822222222"])
    played = sandbox.add_session(phone_number="919800000001")
    session = SessionFactory.create(
        organization=organization, gateway_session_id=played.session_id, full_phone="+919800000001"
    )
    with tenancy.system():
        Organization.objects.update(community_session=session)
    return session


@pytest.fixture
def workshop(session: Session) -> Workshop:
    return WorkshopFactory.create(organization=session.organization, title="Crypto Wealth Masterclass")


Step = Callable[[], Community]


@pytest.fixture
def step(workshop: Workshop) -> Step:
    """What a worker does next with the workshop's community, whatever time it is."""

    def run() -> Community:
        community = stored(workshop)
        outbound.create_community(
            community_id=community.pk, attempt=community.attempt, organization_id=community.organization_id
        )
        return stored(workshop)

    return run


def stored(workshop: Workshop) -> Community:
    with tenancy.system():
        return Community.objects.select_related("workshop__community_group", "parent_group").get(workshop=workshop)


def creations(sandbox: Sandbox) -> int:
    return len(sandbox.journal(operation="create_community"))


def parents(sandbox: Sandbox) -> list[str]:
    return [group.jid for group in sandbox.groups() if group.kind == "parent"]


def is_later(workshop: Workshop, by: timedelta) -> None:
    """As if the latest request had gone out earlier."""
    with tenancy.system():
        Community.objects.filter(workshop=workshop).update(requested_at=timezone.now() - by)


def test_a_community_is_created_stored_and_linked(sandbox: Sandbox, workshop: Workshop, step: Step) -> None:
    community = step()
    assert (community.status, community.reason) == ("ready", "")
    assert community.invite_link.startswith("https://chat.whatsapp.com/")
    assert community.parent_group is not None
    assert community.parent_group.kind == Group.Kind.COMMUNITY_PARENT
    announcement = workshop_of(community).community_group
    assert announcement is not None
    assert (announcement.kind, announcement.parent_id) == (Group.Kind.ANNOUNCEMENT, community.parent_group_id)
    with tenancy.system():
        assert WorkshopGroup.objects.filter(workshop=workshop).count() == 2
    played = {group.kind: group for group in sandbox.groups()}
    assert played["parent"].jid == community.parent_group.group_jid
    assert played["announcement"].jid == announcement.group_jid
    assert played["parent"].name == "Crypto Wealth Masterclass"


def test_f02_the_announcement_group_is_tracked_and_not_the_parent(workshop: Workshop, step: Step) -> None:
    """Fails if `record_created` links `groups.parent` as the workshop's community_group."""
    community = step()
    group = workshop_of(community).community_group
    assert group is not None
    assert group.is_trackable
    with tenancy.system():
        run = services.sync_members(workshop=workshop_of(community), requested_by="test")
    assert run.group_id == workshop_of(community).community_group_id


def test_name_description_and_admins_come_from_the_organization(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    with tenancy.system():
        Organization.objects.update(
            community_name_template="{workshop_title} ({workshop_date})",
            community_description_template="Starts at {start_time}. {invite_link}Welcome!",
            timezone="Asia/Kolkata",
        )
        Workshop.objects.update(starts_at="2027-02-04T13:30:00Z", ends_at=None)
    step()
    request = sandbox.journal(operation="create_community")[0].body
    assert request["name"] == "Crypto Wealth Masterclass (4 February 2027)"
    assert request["description"] == "Starts at 19:00. Welcome!"
    assert request["settings"] == {"announcement": True, "restrict": True}
    assert request["sessionId"] == session.gateway_session_id


def test_f15_every_way_to_create_names_the_admins(sandbox: Sandbox, workshop: Workshop, step: Step) -> None:
    """Fails without `adminNumbers` in `GatewayClient.create_community`, the only code that creates."""
    step()
    assert sandbox.groups()[0].invited_admins == ["+919811111111", "+919822222222"]


def test_f11_admins_are_invited_by_link_and_a_refusal_is_shown_and_not_retried(
    sandbox: Sandbox, workshop: Workshop, step: Step
) -> None:
    """Fails without `uninvited_admins` in `outcomes.record_created`; adding people is no call that we have."""
    sandbox.add_fault("create_community", "invites_refused", keep=1)
    community = step()
    assert (community.status, community.uninvited_admins) == ("ready", ["+919822222222"])
    assert "+919822222222. Send them the invite link" in community.reason
    assert community.invite_link.startswith("https://chat.whatsapp.com/")
    step()
    assert creations(sandbox) == 1
    assert sandbox.journal(operation="add_participants") == []


def test_f11_a_refusal_is_still_known_when_the_community_is_completed_later(
    sandbox: Sandbox, workshop: Workshop, step: Step
) -> None:
    """Fails without `or community.uninvited_admins` in `outcomes.record_created`."""
    sandbox.add_fault("create_community", "invites_refused")
    sandbox.add_fault("groups", "missing_announcement", times=2)
    sandbox.set_style(created_announcement_id="absent")
    assert step().status == "partial"
    community = step()
    assert (community.status, len(community.uninvited_admins)) == ("ready", 2)


@pytest.mark.parametrize("kind", ["drop_after_commit", "null", "garbage", "html"])
def test_f16_one_community_although_the_answer_was_lost(
    sandbox: Sandbox, workshop: Workshop, step: Step, kind: str
) -> None:
    """Fails without the look-up in `outbound.create_community`: the retry would create a second one."""
    fault: dict[str, Any] = {} if kind == "drop_after_commit" else {"after_commit": True}
    sandbox.add_fault("create_community", kind, **fault)
    community = step()
    assert (community.status, community.error_code) == ("unknown", "unknown_outcome")
    community = step()
    assert community.status == "ready"
    assert creations(sandbox) == 1
    assert [community.parent_group.group_jid] == parents(sandbox)  # type: ignore[union-attr]  # a ready one has it


def test_f16_an_effect_that_comes_late_is_waited_for(sandbox: Sandbox, workshop: Workshop, step: Step) -> None:
    """Fails without `nothing_was_created`: the first empty look-up would lead to a second create."""
    sandbox.add_fault("create_community", "late_effect", seconds=4)
    assert step().status == "unknown"
    assert step().status == "unknown"
    wait_until(lambda: step().status == "ready", "the effect")
    assert (creations(sandbox), len(parents(sandbox))) == (1, 1)


def test_what_did_not_appear_within_three_minutes_is_created_again(
    sandbox: Sandbox, workshop: Workshop, step: Step
) -> None:
    sandbox.add_fault("create_community", "reset")
    assert step().status == "unknown"
    assert step().status == "unknown"
    is_later(workshop, timedelta(minutes=4))
    community = step()
    assert (community.status, community.failures) == ("failed", 1)
    assert community.run_after is not None
    assert step().status == "ready"
    assert len(parents(sandbox)) == 1


def test_several_new_communities_of_the_name_go_to_a_person(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    sandbox.add_fault("create_community", "drop_after_commit")
    step()
    other = sandbox.add_community(session.gateway_session_id, "crypto wealth  MASTERCLASS")
    community = step()
    assert (community.status, community.run_after) == ("unknown", None)
    assert other.parent_jid in community.reason
    sandbox.delete_group(other.parent_jid)
    with tenancy.system():
        services.retry_community(community=community)
    assert step().status == "ready"


def test_a_community_that_was_there_before_is_not_adopted(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    sandbox.add_community(session.gateway_session_id, "Crypto Wealth Masterclass")
    sandbox.add_fault("create_community", "reset")
    step()
    assert step().status == "unknown"


def test_a_community_of_another_workshop_is_not_adopted(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    sandbox.add_fault("create_community", "reset")
    assert step().status == "unknown"
    taken = sandbox.add_community(session.gateway_session_id, "Crypto Wealth Masterclass")
    with tenancy.system():
        other = WorkshopFactory.create(organization=session.organization)
        parent = Group.objects.create(
            organization=session.organization, group_jid=taken.parent_jid, kind=Group.Kind.COMMUNITY_PARENT
        )
        WorkshopGroup.objects.create(organization=session.organization, workshop=other, group=parent)
    assert step().status == "unknown"


def test_two_workshops_of_one_name_are_created_one_after_the_other(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    sandbox.add_fault("create_community", "drop_after_commit")
    step()
    twin = WorkshopFactory.create(organization=session.organization, title=workshop.title)
    community = stored(twin)
    outbound.create_community(community_id=community.pk, attempt=0, organization_id=community.organization_id)
    assert stored(twin).status == "waiting"
    assert creations(sandbox) == 1
    assert step().status == "ready"
    outbound.create_community(community_id=community.pk, attempt=1, organization_id=community.organization_id)
    assert stored(twin).status == "ready"
    assert len(parents(sandbox)) == 2


def test_without_a_chosen_session_it_is_skipped_until_a_person_retries(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    with tenancy.system():
        Organization.objects.update(community_session=None)
    community = step()
    assert (community.status, community.run_after) == ("skipped", None)
    assert "no WhatsApp session" in community.reason
    assert sandbox.journal() == []
    with tenancy.system():
        Organization.objects.update(community_session=session)
        services.retry_community(community=community)
    assert step().status == "ready"


def test_with_a_disconnected_session_it_waits_and_goes_on_by_itself(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    sandbox.change_session(session.gateway_session_id, status="disconnected")
    community = step()
    assert community.status == "waiting"
    assert "not connected" in community.reason
    with tenancy.system():
        session.refresh_from_db()
    assert session.status == "disconnected"
    assert services.sweep_communities() == 0
    sandbox.change_session(session.gateway_session_id, status="connected")
    with tenancy.system():
        Session.objects.update(status="connected")
    assert services.sweep_communities() == 1
    assert step().status == "ready"
    assert creations(sandbox) == 1


@pytest.mark.parametrize("kind", ["rate_overlimit", "retry_after"])
def test_when_whatsapp_asks_to_slow_down_it_waits_and_then_looks_before_it_creates(
    sandbox: Sandbox, workshop: Workshop, step: Step, kind: str
) -> None:
    sandbox.add_fault("create_community", kind)
    community = step()
    assert community.status == "waiting"
    assert "slow down" in community.reason
    assert community.not_before is not None
    assert step().attempt == community.attempt, "nobody starts it earlier"
    with tenancy.system(), pytest.raises(services.CommunityNotRetryable, match="slow down"):
        services.retry_community(community=community)
    with tenancy.system():
        Community.objects.update(not_before=None)
    assert step().status == "unknown"
    is_later(workshop, timedelta(minutes=4))
    assert step().status == "failed"
    assert step().status == "ready"


def test_a_refused_connection_at_the_create_itself_leaves_it_free_for_another_session(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    sandbox.add_fault("create_community", "not_connected")
    assert step().status == "waiting"
    played = sandbox.add_session(phone_number="919800000002")
    other = SessionFactory.create(organization=session.organization, gateway_session_id=played.session_id)
    with tenancy.system():
        Organization.objects.update(community_session=other)
    assert services.sweep_communities() == 1
    assert step().status == "ready"


def test_what_was_requested_through_a_dead_session_is_created_anew_by_a_person_only(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    sandbox.add_fault("create_community", "reset")
    assert step().status == "unknown"
    sandbox.change_session(session.gateway_session_id, status="logged_out")
    assert step().status == "waiting"
    played = sandbox.add_session(phone_number="919800000002")
    other = SessionFactory.create(organization=session.organization, gateway_session_id=played.session_id)
    with tenancy.system():
        Organization.objects.update(community_session=other)
        services.retry_community(community=stored(workshop))
    assert step().status == "waiting", "only the number that asked would see what came of it"
    with tenancy.system():
        services.retry_community(community=stored(workshop), is_anew=True)
    assert step().status == "ready"


def test_a_session_that_an_open_request_names_is_not_deleted(session: Session, workshop: Workshop, step: Step) -> None:
    step()
    with pytest.raises(RestrictedError), tenancy.system():
        session.delete()


def test_names_that_differ_in_case_are_not_mixed_up(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    sandbox.add_fault("create_community", "reset")
    assert step().status == "unknown"
    twin = WorkshopFactory.create(organization=session.organization, title="CRYPTO wealth  masterclass")
    outbound.create_community(community_id=stored(twin).pk, attempt=0, organization_id=session.organization_id)
    assert stored(twin).status == "waiting"
    assert workshop.title in stored(twin).reason


def test_a_community_of_another_workshop_is_never_shared(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    community = step()
    with tenancy.system():
        other = WorkshopFactory.create(organization=session.organization, title="Other")
        WorkshopGroup.objects.filter(group=community.parent_group).update(workshop=other)
        Community.objects.filter(workshop=workshop).update(status="partial", run_after=None)
    again = step()
    assert (again.status, again.run_after) == ("unknown", None)
    assert "belongs to the workshop Other" in again.reason


def test_a_list_that_was_asked_for_too_early_proves_nothing(workshop: Workshop) -> None:
    with tenancy.system():
        Community.objects.update(requested_at=timezone.now())
        community = stored(workshop)
    assert community.requested_at is not None
    early, late = (community.requested_at + timedelta(minutes=minutes) for minutes in (2, 4))
    assert not services.would_be_seen(community=community, at=early)
    assert services.would_be_seen(community=community, at=late)


def test_communities_of_one_number_are_created_some_seconds_apart(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step, settings: Any
) -> None:
    settings.WHATSAPP_CREATE_SPACING_SECONDS = 600
    assert step().status == "ready"
    other = WorkshopFactory.create(organization=session.organization, title="Other")
    outbound.create_community(community_id=stored(other).pk, attempt=0, organization_id=session.organization_id)
    waiting = stored(other)
    assert (waiting.status, creations(sandbox)) == ("waiting", 1)
    assert "one after the other" in waiting.reason
    with tenancy.system():
        last = Session.objects.get(pk=session.pk).last_create_at
    assert last is not None
    assert waiting.run_after == last + timedelta(seconds=600)
    third = WorkshopFactory.create(organization=session.organization, title="Third")
    outbound.create_community(community_id=stored(third).pk, attempt=0, organization_id=session.organization_id)
    behind = stored(third).run_after
    assert behind is not None
    assert behind - waiting.run_after >= timedelta(seconds=600), "they queue up"


def test_a_fault_of_ours_is_shown_and_asks_a_person(sandbox: Sandbox, workshop: Workshop, step: Step) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE whatsapp_groups ADD CONSTRAINT refuses CHECK (false) NOT VALID")
    try:
        with pytest.raises(DatabaseError, match="refuses"):
            step()
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE whatsapp_groups DROP CONSTRAINT refuses")
        connections["owner"].close()
    community = stored(workshop)
    assert (community.status, community.run_after) == ("unknown", None)
    assert "our side" in community.reason
    with tenancy.system():
        services.retry_community(community=community)
    assert step().status == "ready"
    assert creations(sandbox) == 1


def test_a_refusal_is_failed_with_its_reason_and_retried_by_a_person_only(
    sandbox: Sandbox, workshop: Workshop, step: Step
) -> None:
    sandbox.add_fault("create_community", "success_false", error="name is not allowed")
    community = step()
    assert (community.status, community.error_code, community.run_after) == ("failed", "invalid", None)
    assert "name is not allowed" in community.reason
    with tenancy.system():
        services.retry_community(community=community)
    assert step().status == "ready"


def test_a_gateway_that_is_down_is_tried_again_up_to_five_times(workshop: Workshop, step: Step, settings: Any) -> None:
    settings.WHATSAPP_GATEWAYS = {"main": {**settings.WHATSAPP_GATEWAYS["main"], "url": "http://127.0.0.1:9"}}
    for failures in range(1, 5):
        community = step()
        assert (community.status, community.failures) == ("failed", failures)
        assert community.run_after is not None
    community = step()
    assert (community.status, community.failures, community.run_after) == ("failed", 5, None)
    assert "refused" in community.reason


def test_a_missing_announcement_group_makes_it_partial_until_it_is_found(
    sandbox: Sandbox, workshop: Workshop, step: Step
) -> None:
    sandbox.add_fault("create_community", "missing_announcement")
    community = step()
    assert community.status == "partial"
    assert workshop_of(community).community_group is None
    assert "announcement group" in community.reason
    for group in sandbox.groups():
        if group.kind == "announcement":
            sandbox.show_group(group.jid)
    community = step()
    assert community.status == "ready"
    assert workshop_of(community).community_group is not None
    assert creations(sandbox) == 1


@pytest.mark.parametrize(
    "style",
    [
        {"created_announcement_id": "absent"},
        {"created_group_id": "announcement", "created_announcement_id": "absent", "created_community_id": "absent"},
        {"created_group_id": "announcement"},
        {"created_community_id": "absent"},
        {"created_invite": "absent"},
        {"created_invite": "absent", "group_invite": "inviteCode", "invite": "inviteLink"},
        {"general_group": "named_general"},
        {"general_group": "same_name", "created_announcement_id": "absent"},
        {"group_list": "list", "group_id": "jid", "group_name": "subject", "created_announcement_id": "absent"},
    ],
)
@pytest.mark.parametrize("is_lost", [False, True])
def test_every_spelling_of_the_gateway_gives_the_same_community(
    sandbox: Sandbox, workshop: Workshop, step: Step, style: dict[str, str], is_lost: bool
) -> None:
    sandbox.set_style(**style)
    if is_lost:
        sandbox.add_fault("create_community", "drop_after_commit")
        assert step().status == "unknown"
    community = step()
    assert (community.status, community.reason) == ("ready", "")
    played = {group.kind: group for group in sandbox.groups()}
    assert community.parent_group is not None
    assert community.parent_group.group_jid == played["parent"].jid
    group = workshop_of(community).community_group
    assert group is not None
    assert group.group_jid == played["announcement"].jid
    assert community.invite_link.startswith("https://chat.whatsapp.com/")
    assert creations(sandbox) == 1


def test_a_code_that_is_none_is_no_invite_link(sandbox: Sandbox, workshop: Workshop, step: Step) -> None:
    sandbox.set_style(invite_code="undefined", created_invite="absent")
    community = step()
    assert (community.status, community.invite_link) == ("ready", "")


def test_f14_the_job_is_a_row_that_a_sweep_finds(workshop: Workshop) -> None:
    """Fails without `run_after` in `services.queue_community`."""
    with tenancy.system():
        Community.objects.update(run_after=timezone.now() - timedelta(seconds=1))
    assert services.sweep_communities() == 1
    assert services.sweep_communities() == 0


def test_a_workshop_that_no_signal_announced_is_queued_by_the_sweep(session: Session) -> None:
    with tenancy.system():
        bulk = Workshop(organization=session.organization, title="Bulk", starts_at=timezone.now())
        Workshop.objects.bulk_create([bulk])
        assert not Community.objects.filter(workshop=bulk).exists()
    services.sweep_communities()
    assert stored(bulk).status == "queued"


def test_a_workshop_has_exactly_one_community_however_often_it_is_queued(workshop: Workshop) -> None:
    with tenancy.system():
        for _ in range(3):
            services.queue_community(workshop=workshop)
        workshop.save()
        assert Community.objects.filter(workshop=workshop).count() == 1


def test_a_workshop_is_created_even_when_its_community_cannot_be_queued(session: Session) -> None:
    """Here the table refuses every row; the sweep queues the community when it takes them again."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE workshop_communities ADD CONSTRAINT refuses CHECK (false) NOT VALID")
    try:
        workshop = WorkshopFactory.create(organization=session.organization)
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE workshop_communities DROP CONSTRAINT refuses")
        connections["owner"].close()
    with tenancy.system():
        assert Workshop.objects.filter(pk=workshop.pk, community=None).exists()
    services.sweep_communities()
    assert stored(workshop).status == "queued"


def test_f42_a_worker_that_died_before_the_request_begins_anew(
    sandbox: Sandbox, workshop: Workshop, step: Step
) -> None:
    """Fails without the expired lease in `JobQuerySet.due`."""
    with tenancy.system():
        claimed = services.claim_community(community_id=stored(workshop).pk, attempt=0)
        assert claimed is not None
    assert step().status == "creating"
    with tenancy.system():
        Community.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.sweep_communities() == 1
    assert step().status == "ready"


def test_f42_a_worker_that_died_after_the_request_is_followed_by_a_look_up(
    sandbox: Sandbox, session: Session, workshop: Workshop, step: Step
) -> None:
    """Fails without `requested_at` in `services.record_request`: the next worker would create a second one."""
    with tenancy.system():
        claimed = services.claim_community(community_id=stored(workshop).pk, attempt=0)
        assert claimed is not None
        services.record_request(community=claimed.community, session=claimed.session, known_jids=[])
        sandbox.add_community(session.gateway_session_id, workshop.title)
        Community.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.sweep_communities() == 1
    assert step().status == "ready"
    assert creations(sandbox) == 0


def test_an_attempt_that_was_taken_over_writes_nothing(workshop: Workshop, step: Step) -> None:
    with tenancy.system():
        slow = services.claim_community(community_id=stored(workshop).pk, attempt=0)
        assert slow is not None
        Community.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert step().status == "ready"
    with pytest.raises(AttemptTaken), tenancy.system():
        services.community_failed(community=slow.community, code="x", reason="late", may_retry=False)
    assert stored(workshop).status == "ready"


def test_a_tag_decides_on_texts_picture_and_choices(sandbox: Sandbox, workshop: Workshop, step: Step) -> None:
    tag = TagFactory.create(
        organization=workshop.organization, name_template="{workshop_title} live", is_announcement=False,
        description_template="Starts at {start_time}.\nJoin: {invite_link}", picture_url="https://example.com/a.png",
    )  # fmt: skip
    with tenancy.system():
        services.update_workshop(workshop=workshop, tag=tag)
    assert step().status == "ready"
    request = sandbox.journal(operation="create_community")[0].body
    assert request["name"] == "Crypto Wealth Masterclass live"
    assert request["settings"] == {"announcement": False, "restrict": True}
    assert request["profilePictureUrl"] == "https://example.com/a.png"
    assert request["description"].startswith("Starts at ")
    assert "Join" not in request["description"]


def test_a_cancelled_workshop_gets_its_community_when_it_comes_back(
    sandbox: Sandbox, workshop: Workshop, step: Step
) -> None:
    with tenancy.system():
        services.change_status(workshop=workshop, status="cancelled")
    community = step()
    assert (community.status, community.error_code) == ("skipped", "workshop_cancelled")
    assert creations(sandbox) == 0
    with tenancy.system():
        services.change_status(workshop=workshop, status="planned")
    assert stored(workshop).status == "queued"
    assert step().status == "ready"


def test_what_was_requested_before_the_workshop_was_cancelled_is_still_looked_up(
    sandbox: Sandbox, workshop: Workshop, step: Step
) -> None:
    sandbox.add_fault("create_community", "late_effect", seconds=0)
    assert step().status == "unknown"
    with tenancy.system():
        services.change_status(workshop=workshop, status="cancelled")
    assert step().status == "ready"


def test_a_change_changes_nothing_in_whatsapp_and_a_renewal_does(
    sandbox: Sandbox, workshop: Workshop, step: Step
) -> None:
    old = workshop_of(step())
    with tenancy.system():
        services.update_workshop(workshop=old, title="Renamed", starts_at=timezone.now())
    assert (creations(sandbox), stored(workshop).name) == (1, "Crypto Wealth Masterclass")
    with tenancy.system():
        Session.objects.update(last_create_at=None)
        queued = services.renew_community(workshop=old, renewed_by="staff:1")
    assert queued.status == "queued"
    new = step()
    assert (new.status, new.name, creations(sandbox)) == ("ready", "Renamed", 2)
    assert workshop_of(new).community_group_id not in (None, old.community_group_id)
    assert len(parents(sandbox)) == 2
