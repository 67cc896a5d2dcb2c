"""WhatsApp in the admin."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from common import tenancy
from common.tests import admin_pages
from common.tests.admin_pages import act, press, staff, superuser, text_of, url
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory
from whatsapp.models import Group, GroupMember, MembershipEvent, Session, SyncRun
from whatsapp.tests.factories import (
    GroupFactory,
    GroupMemberFactory,
    GroupSessionFactory,
    MembershipEventFactory,
    SessionFactory,
    SyncRunFactory,
)

pytestmark = pytest.mark.django_db


def _group_with_all() -> Group:
    group: Group = GroupFactory.create(announcement=True)
    GroupMemberFactory.create(group=group)
    return group


MODELS = [
    (Session, SessionFactory.create),
    (Group, _group_with_all),
    (GroupMember, GroupMemberFactory.create),
    (MembershipEvent, MembershipEventFactory.create),
    (SyncRun, lambda: SyncRunFactory.create(status="suspicious", doubts=["not_admin"])),
]


@pytest.mark.parametrize(("model", "make"), MODELS)
def test_a_list_costs_the_same_with_30_rows_as_with_3(model: type[Group], make: Any) -> None:
    admin_pages.check_list(model, make)


@pytest.mark.parametrize("make", [make for _, make in MODELS])
def test_a_row_has_its_page(make: Any) -> None:
    admin_pages.check_row(make())


@pytest.mark.parametrize("model", [model for model, _ in MODELS])
def test_rights_are_respected(model: type[Group]) -> None:
    admin_pages.check_rights(model)


# --- sessions


def test_a_new_session_is_connected_by_a_task(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    organization = OrganizationFactory.create()
    form = {"organization": organization.pk, "label": "Front desk", "gateway": "main"}
    with django_capture_on_commit_callbacks() as callbacks:
        assert superuser().post(url(Session, "add"), form).status_code == 302
    with tenancy.system():
        session = Session.objects.get()
    assert (session.label, session.status) == ("Front desk", "connecting")
    assert session.gateway_session_id.startswith("wa_")
    assert len(callbacks) == 1


def test_a_session_lives_on_a_gateway_that_the_settings_name() -> None:
    form = {"organization": OrganizationFactory.create().pk, "label": "x", "gateway": "elsewhere"}
    assert list(settings.WHATSAPP_GATEWAYS) == ["main"]
    assert "elsewhere is not one of the available choices" in text_of(superuser().post(url(Session, "add"), form))


def test_renaming_a_session_writes_nothing_else() -> None:
    session = SessionFactory.create()
    client, address = superuser(), url(Session, "change", session.pk)
    client.post(address, {"label": "Renamed", "status": "logged_out", "full_phone": "+911"})
    with tenancy.system():
        found = Session.objects.get()
    assert (found.label, found.status, found.full_phone) == ("Renamed", "connected", session.full_phone)


def _chosen(organization: Organization) -> Session | None:
    with tenancy.system():
        return Organization.objects.select_related("community_session").get(pk=organization.pk).community_session


def test_a_session_is_chosen_for_communities_from_the_list() -> None:
    session, away = SessionFactory.create(), SessionFactory.create(status="disconnected")
    said = act(superuser(), "choose_for_communities", session, away)
    assert "1 session chosen" in said
    assert f"{away}: This session is not connected. Connect it first, then choose it." in said
    assert (_chosen(session.organization), _chosen(away.organization)) == (session, None)


def test_a_session_is_chosen_for_communities_on_its_page() -> None:
    session = SessionFactory.create()
    client = superuser()
    assert "Choose for communities" in text_of(client.get(url(Session, "change", session.pk)))
    assert "1 session chosen" in press(client, "choose_this", session)
    assert _chosen(session.organization) == session
    assert "Choose for communities" not in text_of(client.get(url(Session, "change", session.pk)))


def test_an_organization_has_one_session_for_communities() -> None:
    session = SessionFactory.create()
    other = SessionFactory.create(organization=session.organization)
    assert "Choose one session of each organization" in act(superuser(), "choose_for_communities", session, other)
    assert _chosen(session.organization) is None


def test_numbers_are_asked_for_their_groups_from_the_list_and_on_a_page() -> None:
    session, away = SessionFactory.create(), SessionFactory.create(status="disconnected")
    client = superuser()
    assert "2 sessions asked for its groups" in act(client, "sync_groups_now", session, away)
    assert "1 session asked for its groups" in press(client, "sync_groups_of_this", session)
    with tenancy.system():
        assert not Session.objects.filter(groups_due_at=None).exists()
    assert "when this number is connected" in text_of(client.get(url(Session, "change", away.pk)))


# --- groups


def test_a_group_is_added_and_then_its_session_is_chosen() -> None:
    session = SessionFactory.create()
    client = superuser()
    form = {"organization": session.organization_id, "name": "Crypto", "group_jid": "120363041234567890@g.us"}
    answer = client.post(url(Group, "add"), {**form, "kind": "group"})
    with tenancy.system():
        group = Group.objects.get()
    assert answer.headers["Location"] == url(Group, "change", group.pk)
    assert client.post(answer.headers["Location"], {"name": "Crypto", "session": session.pk}).status_code == 302
    with tenancy.system():
        assert Group.objects.get().session == session


@pytest.mark.parametrize("jid", ["120363", "919812345678@s.whatsapp.net", "@g.us"])
def test_a_group_has_a_groups_jid(jid: str) -> None:
    form = {"organization": OrganizationFactory.create().pk, "name": "x", "group_jid": jid, "kind": "group"}
    assert "This is no group's JID" in text_of(superuser().post(url(Group, "add"), form))


def test_an_organization_has_a_group_once() -> None:
    group = GroupFactory.create()
    form = {"organization": group.organization_id, "name": "x", "group_jid": group.group_jid, "kind": "group"}
    assert "already exists" in text_of(superuser().post(url(Group, "add"), form))


def _changed(group: Group, **values: Any) -> str:
    form = {"name": group.name, "session": group.session_id, "parent": "", "invite_link": "", **values}
    return text_of(superuser().post(url(Group, "change", group.pk), form, follow=True))


def test_a_session_of_another_organization_is_refused_by_the_form() -> None:
    group, foreign = GroupFactory.create(), SessionFactory.create()
    assert "Choose one that belongs to the same organization." in _changed(group, session=foreign.pk)


def test_a_parent_is_a_community_of_the_same_organization() -> None:
    group, foreign = GroupFactory.create(), GroupFactory.create(kind="community_parent")
    sibling = GroupFactory.create(session=group.session)
    parent = GroupFactory.create(session=group.session, kind="community_parent")
    for wrong in (foreign, sibling):
        assert "Choose a community of the same organization." in _changed(group, parent=wrong.pk)
    assert "was changed successfully" in _changed(group, parent=parent.pk)


def test_an_invite_link_is_one() -> None:
    group = GroupFactory.create()
    assert "This is no invite link" in _changed(group, invite_link="undefined")
    assert "was changed successfully" in _changed(group, invite_link="AbCdEfGhIjKlMn")
    with tenancy.system():
        group.refresh_from_db()
    assert group.invite_link == "https://chat.whatsapp.com/AbCdEfGhIjKlMn"


def _offered(model: type[Group] | type[Session], source: str, field: str, organization: Organization) -> set[str]:
    app, name = source.split(".")
    query = {"app_label": app, "model_name": name, "field_name": field, "organization": organization.pk}
    found = superuser().get("/admin/autocomplete/", query).json()["results"]
    return {row["text"] for row in found}


def test_an_autocomplete_offers_the_organizations_own_rows() -> None:
    group = GroupFactory.create(announcement=True)
    GroupFactory.create(announcement=True)
    assert _offered(Session, "whatsapp.group", "session", group.organization) == {str(group.session)}
    assert _offered(Group, "whatsapp.group", "parent", group.organization) == {str(group.parent)}
    page = superuser().get(url(Group, "change", group.pk)).content.decode()
    assert f"/admin/autocomplete/?organization={group.organization_id}" in page


def test_members_are_counted_from_their_rows() -> None:
    group = GroupFactory.create()
    GroupMemberFactory.create_batch(2, group=group)
    GroupMemberFactory.create(group=group, phone_number=None)
    GroupMemberFactory.create(group=group, status="left")
    said = text_of(superuser().get(url(Group, "change", group.pk)))
    assert "Members 3 Left 1 Phone hidden 1" in said


def test_the_page_of_a_group_names_our_numbers_in_it() -> None:
    group = GroupFactory.create()
    GroupSessionFactory.create(group=group, session__label="Front desk")
    GroupSessionFactory.create(group=group, session__label="Back office", is_admin=False)
    said = text_of(superuser().get(url(Group, "change", group.pk)))
    assert "Front desk (admin)" in said
    assert "Back office (admin)" not in said


def test_a_group_that_had_people_is_not_deleted() -> None:
    empty, full = GroupFactory.create(), GroupMemberFactory.create().group
    client = superuser()
    assert client.post(url(Group, "delete", full.pk), {"post": "yes"}).status_code == 403
    assert client.post(url(Group, "delete", empty.pk), {"post": "yes"}).status_code == 302
    assert "delete_selected" not in client.get(url(Group, "changelist")).content.decode()


def _runs() -> list[tuple[Group, str]]:
    with tenancy.system():
        return [(run.group, run.status) for run in SyncRun.objects.select_related("group").order_by("created_at")]


def test_groups_are_synced_from_the_list_and_parents_stand_for_their_people() -> None:
    group, community, lonely = (
        GroupFactory.create(),
        GroupFactory.create(announcement=True),
        GroupFactory.create(kind="community_parent"),
    )
    assert community.parent is not None
    said = act(superuser(), "sync_members_now", group, community.parent, lonely)
    assert "2 groups will be synced" in said
    assert f"{lonely} is a community's parent, which holds no people." in said
    assert {found for found, _ in _runs()} == {group, community}


def test_a_group_is_synced_on_its_page_in_the_name_of_the_staff_member() -> None:
    group = GroupFactory.create()
    client = superuser()
    assert "1 group will be synced" in press(client, "sync_this", group)
    assert "1 group will be synced" in press(client, "sync_this", group), "it is under way already"
    with tenancy.system():
        assert SyncRun.objects.get().requested_by == f"staff:{client.session['_auth_user_id']}"


def test_who_may_only_look_cannot_sync() -> None:
    group = GroupFactory.create()
    viewer = staff("view_group")
    assert viewer.get(url(Group, "sync_this", group.pk)).status_code == 403
    assert viewer.post(url(Group, "sync_this", group.pk)).status_code == 403
    act(viewer, "sync_members_now", group)
    assert _runs() == []


def test_too_many_rows_are_refused_at_once() -> None:
    groups = GroupFactory.create_batch(501, session=SessionFactory.create())
    said = act(superuser(), "sync_members_now", groups[0], select_across="1")
    assert "Choose at most 500 at once. Nothing was done." in said
    assert _runs() == []


def test_many_refusals_are_told_in_short() -> None:
    lonely = GroupFactory.create_batch(12, kind="community_parent")
    assert "2 more were refused." in act(superuser(), "sync_members_now", *lonely)


# --- members


def test_members_are_found_however_their_number_is_written() -> None:
    GroupMemberFactory.create(phone_number="9812345678")
    GroupMemberFactory.create(phone_number=None)
    client = superuser()
    for text in ("+91 98123 45678", "98123-45678", "981", "17300"):
        assert "+919812345678" in text_of(client.get(url(GroupMember, "changelist"), {"q": text})), text


def test_members_are_written_by_nobody() -> None:
    member = GroupMemberFactory.create()
    client = superuser()
    assert client.get(url(GroupMember, "add")).status_code == 403
    assert client.post(url(GroupMember, "change", member.pk), {"lid": "x@lid"}).status_code == 403
    assert client.post(url(GroupMember, "delete", member.pk), {"post": "yes"}).status_code == 403


# --- syncs


def test_a_sync_says_why_it_is_not_done() -> None:
    SyncRunFactory.create(status="suspicious", doubts=["empty"], fetched=0)
    SyncRunFactory.create(status="failed", error="284 people were fetched and none written: refused")
    SyncRunFactory.create(status="queued", wait_reason="The session that sees this group is not connected.")
    said = text_of(superuser().get(url(SyncRun, "changelist")))
    for reason in ("The list is empty.", "284 people were fetched and none written", "is not connected"):
        assert reason in said


def test_confirming_names_the_doubts_first() -> None:
    run = SyncRunFactory.create(status="suspicious", doubts=["implausible_fall"], fetched=135)
    hopeless = SyncRunFactory.create(status="suspicious", doubts=["empty"], fetched=0)
    client = superuser()
    said = act(client, "confirm_and_apply", run, hopeless)
    assert f"{run.group} (135 people in the list) Far fewer people than before" in said
    assert "The list is empty. This cannot be confirmed: sync again instead." in said
    assert len(_runs()) == 2, "asked, not done"
    said = act(client, "confirm_and_apply", run, hopeless, confirmed="yes")
    assert "1 sync confirmed" in said
    assert "This cannot be confirmed: the list is empty. Sync again instead." in said
    with tenancy.system():
        assert SyncRun.objects.get(status="queued").confirmed_doubts == ["implausible_fall"]


def test_a_suspicious_sync_is_confirmed_on_its_page() -> None:
    run = SyncRunFactory.create(status="suspicious", doubts=["not_admin"], fetched=3)
    client = superuser()
    assert "Our number is no admin there" in text_of(client.get(url(SyncRun, "confirm_this", run.pk)))
    assert "1 sync confirmed" in press(client, "confirm_this", run)


def test_only_a_suspicious_sync_can_be_confirmed() -> None:
    done = SyncRunFactory.create()
    client = superuser()
    assert "Confirm and apply" not in text_of(client.get(url(SyncRun, "change", done.pk)))
    assert "there is nothing to confirm" in act(client, "confirm_and_apply", done)
    assert "there is nothing to confirm" in press(client, "confirm_this", done)


def test_confirming_needs_the_right_to_change_syncs() -> None:
    run = SyncRunFactory.create(status="suspicious", doubts=["not_admin"])
    viewer, confirmer = staff("view_syncrun"), staff("view_syncrun", "change_syncrun")
    assert viewer.post(url(SyncRun, "confirm_this", run.pk)).status_code == 403
    act(viewer, "confirm_and_apply", run, confirmed="yes")
    assert len(_runs()) == 1
    assert "1 sync confirmed" in press(confirmer, "confirm_this", run)
    assert confirmer.post(url(SyncRun, "change", run.pk), {"status": "done"}).status_code == 403


# --- times


def _page(client: Client, row: Group) -> str:
    return text_of(client.get(url(type(row), "change", row.pk)))


def test_times_name_their_zone() -> None:
    group = GroupFactory.create(organization=OrganizationFactory.create(timezone="Asia/Kolkata"))
    client = superuser()
    assert " UTC" in text_of(client.get(url(Group, "changelist")))
    assert " IST" in _page(client, group)
    assert " UTC" not in _page(client, group)


def test_a_session_is_logged_out_and_connected_again_on_its_page() -> None:
    session = SessionFactory.create()
    client = superuser()
    assert "logged out." in press(client, "disconnect_this", session)
    assert "new QR code" in press(client, "connect_this", session)
    with tenancy.system():
        assert Session.objects.get().status == "connecting"


def test_a_group_says_whether_it_is_synced_by_itself_and_what_to_do_if_not() -> None:
    group = GroupFactory.create(announcement=True)
    address = url(Group, "change", group.pk)
    assert "Synced by itself yes" in text_of(superuser().get(address))
    seen = GroupSessionFactory.create(group=group, session=group.session, is_admin=False)
    assert "Synced by itself no. Only its admins see" in text_of(superuser().get(address))
    with tenancy.system():
        Session.objects.filter(pk=seen.session_id).update(status="disconnected")
    assert "Synced by itself no. No connected number" in text_of(superuser().get(address))
    assert "Synced by itself" not in text_of(superuser().get(url(Group, "change", group.parent_id)))
