"""Workshops, communities and the overview in the admin."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from common import tenancy
from common.tests import admin_pages
from common.tests.admin_pages import act, press, staff, superuser, text_of, url
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory
from whatsapp.models import Group, SyncRun
from whatsapp.tests.factories import GroupFactory, GroupMemberFactory, SessionFactory, SyncRunFactory
from workshops.models import Community, Workshop, WorkshopGroup
from workshops.tests.factories import (
    CommunityFactory,
    RegistrationFactory,
    StandaloneFactory,
    WorkshopFactory,
    WorkshopGroupFactory,
    workshop_of,
)

pytestmark = pytest.mark.django_db


def _ready_workshop() -> Workshop:
    workshop: Workshop = workshop_of(CommunityFactory.create(status="ready"))
    return workshop


MODELS = [
    (Workshop, _ready_workshop),
    (Community, lambda: CommunityFactory.create(status="ready")),
    (Community, lambda: StandaloneFactory.create(status="ready")),
    (WorkshopGroup, WorkshopGroupFactory.create),
]
#: What the page of a workshop posts for its inlines when nobody touched them.
NO_LINKS = {
    f"{prefix}-{name}": "0"
    for prefix in ("community", "group_links")
    for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS")
}


@pytest.mark.parametrize(("model", "make"), MODELS)
def test_a_list_costs_the_same_with_30_rows_as_with_3(model: type[Workshop], make: Any) -> None:
    admin_pages.check_list(model, make)


def test_an_empty_list_says_why() -> None:
    client, address = superuser(), url(Workshop, "changelist")
    empty = text_of(client.get(address))
    assert "Nothing here yet There are no workshops. Add workshop" in empty
    assert "Show everything" not in empty
    for query in ({"q": "Nowhere"}, {"status__exact": "live"}):
        found = text_of(client.get(address, query))
        assert "Nothing found No workshop is what the search and the filters ask for. Show everything" in found
    assert "Add workshop" not in text_of(staff("view_workshop").get(address))


def test_times_that_pages_work_out_are_written_as_all_others_are() -> None:
    link = WorkshopGroupFactory.create()
    when = timezone.now() + timedelta(hours=1)
    with tenancy.system():
        CommunityFactory.create(workshop=link.workshop, status="waiting", run_after=when)
    admin_pages.check_row(link.workshop)


@pytest.mark.parametrize("make", [make for _, make in MODELS])
def test_a_row_has_its_page(make: Any) -> None:
    admin_pages.check_row(make())


@pytest.mark.parametrize("model", [model for model, _ in MODELS])
def test_rights_are_respected(model: type[Workshop]) -> None:
    admin_pages.check_rights(model)


def _form(organization: Organization, **values: str) -> dict[str, str]:
    form = {
        "organization": organization.pk, "title": "Pottery", "description": "",
        "starts_at_0": "2027-02-04", "starts_at_1": "19:00", "ends_at_0": "2027-02-04", "ends_at_1": "21:00",
    }  # fmt: skip
    return {**form, **values}


def test_a_workshop_added_here_gets_its_community_by_the_signal(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client, organization = superuser(), OrganizationFactory.create()
    with django_capture_on_commit_callbacks() as callbacks:
        assert client.post(url(Workshop, "add"), _form(organization)).status_code == 302
    with tenancy.system():
        workshop = Workshop.objects.select_related("community").get()
    assert workshop.created_by == f"staff:{client.session['_auth_user_id']}"
    assert workshop.community.status == "queued"
    assert len(callbacks) == 1


def test_f22_times_are_written_and_read_in_the_zone_of_the_organization() -> None:
    """F22: remove the zone from `TenantAdmin.changeform_view`, and 19:00 becomes 19:00 UTC."""
    client, organization = superuser(), OrganizationFactory.create(timezone="Asia/Kolkata")
    client.post(url(Workshop, "add"), _form(organization))
    with tenancy.system():
        workshop = Workshop.objects.get()
    assert workshop.starts_at == datetime(2027, 2, 4, 13, 30, tzinfo=UTC)
    page = client.get(url(Workshop, "change", workshop.pk))
    assert 'value="19:00:00"' in page.content.decode()
    assert "In the time zone of the organization (Asia/Kolkata)." in text_of(page)
    assert "4 Feb 2027, 19:00 IST" in text_of(client.get(url(Workshop, "changelist")))


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"title": ""}, "This field is required."),
        ({"organization": ""}, "This field is required."),
        ({"organization": "org_nowhere"}, "Select a valid choice."),
        ({"starts_at_0": "", "starts_at_1": ""}, "This field is required."),
        ({"ends_at_1": "18:00"}, "A workshop ends after it starts."),
        ({"ends_at_1": "twelve"}, "Enter a valid time."),
    ],
)
def test_bad_input_is_said_and_nothing_is_written(values: dict[str, str], error: str) -> None:
    answer = superuser().post(url(Workshop, "add"), {**_form(OrganizationFactory.create()), **values})
    assert error in text_of(answer)
    with tenancy.system():
        assert not Workshop.objects.exists()


def test_a_change_keeps_what_the_product_wrote_meanwhile() -> None:
    workshop = workshop_of(CommunityFactory.create(status="ready"))
    stale = _form(workshop.organization, title="Renamed", community_group="", **NO_LINKS)
    answer = superuser().post(url(Workshop, "change", workshop.pk), stale)
    assert answer.status_code == 302, text_of(answer)
    with tenancy.system():
        found = Workshop.objects.get()
    assert (found.title, found.community_group_id) == ("Renamed", workshop.community_group_id)


def test_a_workshop_stays_in_its_organization() -> None:
    workshop, other = WorkshopFactory.create(), OrganizationFactory.create()
    superuser().post(url(Workshop, "change", workshop.pk), _form(other, **NO_LINKS))
    with tenancy.system():
        assert Workshop.objects.get().organization_id == workshop.organization_id


def test_the_page_of_a_workshop_shows_its_community() -> None:
    failed = CommunityFactory.create(status="failed", reason="The gateway refused: not today", run_after=None)
    ready = CommunityFactory.create(status="ready")
    client = superuser()
    assert "The gateway refused: not today" in text_of(client.get(url(Workshop, "change", failed.workshop_id)))
    page = client.get(url(Workshop, "change", ready.workshop_id))
    assert f'href="{ready.invite_link}"' in page.content.decode()
    assert 'name="community-0-' not in page.content.decode().replace('name="community-0-id"', "").replace(
        'name="community-0-workshop"', ""
    ), "read-only"


def test_workshops_are_deleted_by_the_same_rules_as_everywhere() -> None:
    busy = workshop_of(CommunityFactory.create(status="creating"))
    free = WorkshopFactory.create(organization=busy.organization)
    client = superuser()
    said = text_of(client.post(url(Workshop, "delete", busy.pk), {"post": "yes"}, follow=True))
    assert "is being created right now" in said
    said = act(client, "delete_selected", busy, free, post="yes")
    assert "Nothing was deleted." in said
    with tenancy.system():
        assert Workshop.objects.count() == 2
    assert "was deleted successfully" in text_of(
        client.post(url(Workshop, "delete", free.pk), {"post": "yes"}, follow=True)
    )


@pytest.mark.parametrize("answer", [{}, {"post": "yes"}])
def test_a_workshop_with_people_is_not_deleted_and_they_are_not_listed(answer: dict[str, str]) -> None:
    workshop = WorkshopFactory.create()
    RegistrationFactory.create(workshop=workshop, organization=workshop.organization, name="Asha")
    client, address = superuser(), url(Workshop, "delete", workshop.pk)
    send = client.post if answer else client.get
    for said in (text_of(send(address, answer, follow=True)), act(client, "delete_selected", workshop, **answer)):
        assert "archive it, or map what they bought" in said
        assert "Asha" not in said
    with tenancy.system():
        assert Workshop.objects.exists()


# --- linked groups


def _link(workshop: Workshop, group: Group) -> Any:
    form = _form(workshop.organization, **NO_LINKS)
    form |= {"group_links-TOTAL_FORMS": "1", "group_links-0-group": str(group.pk)}
    return superuser().post(url(Workshop, "change", workshop.pk), form)


def test_a_group_is_linked_to_a_workshop() -> None:
    workshop = WorkshopFactory.create()
    group = GroupFactory.create(organization=workshop.organization)
    assert _link(workshop, group).status_code == 302
    with tenancy.system():
        connection.check_constraints()
        link = WorkshopGroup.objects.get()
        found = Workshop.objects.select_related("community").get()
    assert (link.group_id, link.workshop_id, link.organization_id) == (group.pk, workshop.pk, workshop.organization_id)
    assert (found.community_group_id, found.community.status) == (group.pk, "ready"), "its people are the workshop's"


def test_a_group_after_the_first_is_only_linked() -> None:
    workshop = workshop_of(CommunityFactory.create(status="ready"))
    assert _link(workshop, GroupFactory.create(organization=workshop.organization)).status_code == 302
    with tenancy.system():
        assert Workshop.objects.get().community_group_id == workshop.community_group_id
        assert WorkshopGroup.objects.count() == 3


def test_a_group_is_not_linked_while_a_community_is_being_created() -> None:
    lease = timezone.now() + timedelta(minutes=1)
    workshop = workshop_of(CommunityFactory.create(status="creating", lease_until=lease))
    _link(workshop, GroupFactory.create(organization=workshop.organization))
    client = superuser()
    with tenancy.system():
        assert not WorkshopGroup.objects.exists()
    assert client.get(url(Workshop, "change", workshop.pk)).status_code == 200


def test_the_group_with_a_workshops_people_is_unlinked() -> None:
    workshop = workshop_of(CommunityFactory.create(status="ready"))
    with tenancy.system():
        links = list(WorkshopGroup.objects.all())
    form = _form(workshop.organization, **NO_LINKS)
    form |= {"group_links-TOTAL_FORMS": "2", "group_links-INITIAL_FORMS": "2"}
    for number, link in enumerate(links):
        form |= {f"group_links-{number}-id": str(link.pk), f"group_links-{number}-workshop": str(workshop.pk)}
        form |= {f"group_links-{number}-DELETE": "on"}
    answer = superuser().post(url(Workshop, "change", workshop.pk), form)
    assert answer.status_code == 302, text_of(answer)
    with tenancy.system():
        found = Workshop.objects.select_related("community").get()
        assert not WorkshopGroup.objects.exists()
    assert (found.community_group_id, found.community.status) == (None, "unlinked")


def test_a_group_of_another_organization_is_refused_by_the_form() -> None:
    said = text_of(_link(WorkshopFactory.create(), GroupFactory.create()))
    assert "Choose a group of the same organization that holds people" in said


def test_f12_a_communitys_parent_is_no_group_to_link() -> None:
    """F12: remove `trackable()` from `WorkshopGroupForm`, and the parent is linked."""
    workshop = WorkshopFactory.create()
    parent = GroupFactory.create(organization=workshop.organization, kind="community_parent")
    assert "Choose a group of the same organization that holds people" in text_of(_link(workshop, parent))
    assert _offered(workshop) == []


def _offered(workshop: Workshop) -> list[str]:
    """The groups that the page of a workshop finds to link."""
    page = superuser().get(url(Workshop, "change", workshop.pk)).content.decode()
    select = next(part for part in page.split("<select") if 'id="id_group_links-__prefix__-group"' in part)
    path = unescape(select.split('data-ajax--url="')[1].split('"')[0])
    query = "app_label=workshops&model_name=workshopgroup&field_name=group"
    return [row["id"] for row in superuser().get(f"{path}&{query}").json()["results"]]


def test_only_groups_that_no_workshop_has_are_offered() -> None:
    taken = WorkshopGroupFactory.create()
    workshop = WorkshopFactory.create(organization=taken.organization)
    WorkshopFactory.create(
        organization=taken.organization, community_group=GroupFactory.create(organization=taken.organization)
    )
    free = GroupFactory.create(organization=taken.organization)
    assert _offered(workshop) == [str(free.pk)]


def test_a_group_belongs_to_one_workshop() -> None:
    link = WorkshopGroupFactory.create()
    other = WorkshopFactory.create(organization=link.organization)
    assert "belongs to no workshop" in text_of(_link(other, link.group))


def test_a_group_is_unlinked() -> None:
    link = WorkshopGroupFactory.create()
    form = _form(link.organization, **NO_LINKS)
    form |= {"group_links-TOTAL_FORMS": "1", "group_links-INITIAL_FORMS": "1", "group_links-0-DELETE": "on"}
    form |= {"group_links-0-id": str(link.pk), "group_links-0-workshop": str(link.workshop_id)}
    answer = superuser().post(url(Workshop, "change", link.workshop_id), form)
    assert answer.status_code == 302, text_of(answer)
    with tenancy.system():
        assert not WorkshopGroup.objects.exists()


# --- buttons


def test_workshops_are_synced_from_the_list() -> None:
    ready, bare = workshop_of(CommunityFactory.create(status="ready")), WorkshopFactory.create()
    said = act(superuser(), "sync_members_now", ready, bare)
    assert "1 workshop will be synced" in said
    assert f"{bare}: This workshop has no WhatsApp group yet" in said
    with tenancy.system():
        assert SyncRun.objects.get().group_id == ready.community_group_id


def test_a_workshop_is_synced_on_its_page() -> None:
    ready, bare = workshop_of(CommunityFactory.create(status="ready")), WorkshopFactory.create()
    client = superuser()
    assert "1 workshop will be synced" in press(client, "sync_this", ready)
    assert "Sync members now" not in text_of(client.get(url(Workshop, "change", bare.pk)))


@pytest.mark.parametrize("of_workshops", [True, False])
def test_communities_are_created_again(of_workshops: bool) -> None:
    failed = CommunityFactory.create(status="failed", reason="refused", failures=5, run_after=None)
    ready = CommunityFactory.create(status="ready")
    rows = [workshop_of(community) if of_workshops else community for community in (failed, ready)]
    action = "create_community_again" if of_workshops else "create_again"
    said = act(superuser(), action, *rows)
    assert f"1 {'workshop' if of_workshops else 'community'} queued again." in said
    assert "This community is ready: there is nothing to retry." in said
    with tenancy.system():
        failed.refresh_from_db()
    assert (failed.status, failed.failures) == ("queued", 0)


@pytest.mark.parametrize("of_workshops", [True, False])
def test_a_community_is_created_again_on_a_page(of_workshops: bool) -> None:
    failed, ready = CommunityFactory.create(status="failed"), CommunityFactory.create(status="ready")
    button = "create_again_for_this" if of_workshops else "create_this_again"
    client = superuser()
    for community in (failed, ready):
        row = workshop_of(community) if of_workshops else community
        is_offered = "Create community again" in text_of(client.get(url(type(row), "change", row.pk)))
        assert is_offered == (community is failed)
    assert "queued again." in press(client, button, workshop_of(failed) if of_workshops else failed)


def test_who_may_only_look_cannot_press_buttons() -> None:
    community = CommunityFactory.create(status="failed")
    viewer = staff("view_workshop", "view_community")
    for row, button in ((workshop_of(community), "create_again_for_this"), (community, "create_this_again")):
        assert viewer.post(url(type(row), button, row.pk)).status_code == 403
    act(viewer, "create_community_again", workshop_of(community))
    act(viewer, "create_again", community)
    with tenancy.system():
        community.refresh_from_db()
    assert community.status == "failed"


def test_who_may_change_communities_may_say_again_and_nothing_else() -> None:
    community = CommunityFactory.create(status="failed")
    client = staff("view_community", "change_community")
    assert client.post(url(Community, "change", community.pk), {"status": "ready"}).status_code == 403
    assert "1 community queued again." in press(client, "create_this_again", community)


# --- standalone communities


def _wish(organization: Organization, **values: str) -> dict[str, str]:
    return {"organization": organization.pk, "wished_name": "Crypto Alumni", "wished_description": "", **values}


def test_a_standalone_community_is_asked_for() -> None:
    client, organization = superuser(), OrganizationFactory.create()
    assert client.post(url(Community, "add"), _wish(organization)).status_code == 302
    with tenancy.system():
        community = Community.objects.get()
    assert (community.status, community.wished_name, community.workshop) == ("queued", "Crypto Alumni", None)
    assert community.created_by == f"staff:{client.session['_auth_user_id']}"
    assert "Crypto Alumni" in text_of(client.get(url(Community, "changelist"), {"standalone": "yes"}))
    assert "0 communities" in text_of(client.get(url(Community, "changelist"), {"standalone": "no"}))
    admin_pages.check_row(community)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"wished_name": " "}, "This field is required."),
        ({"wished_name": "x" * 101}, "at most 100 characters"),
        ({"wished_description": "x" * 2001}, "at most 2000 characters"),
        ({"wished_name": "ALUMNI  1"}, "A community called Alumni 1 is not finished yet (failed)."),
    ],
)
def test_a_bad_wish_for_a_community_is_said(values: dict[str, str], error: str) -> None:
    there = StandaloneFactory.create(wished_name="Alumni 1", status="failed")
    assert error in text_of(superuser().post(url(Community, "add"), _wish(there.organization, **values)))
    with tenancy.system():
        assert Community.objects.count() == 1


def test_a_standalone_community_is_created_again_and_deleted_on_its_page() -> None:
    client, failed = superuser(), StandaloneFactory.create(status="failed", reason="The gateway refused: not today")
    assert "The gateway refused: not today" in text_of(client.get(url(Community, "change", failed.pk)))
    assert "1 community queued again." in press(client, "create_this_again", failed)
    assert "1 community deleted." in press(client, "delete_this", failed)
    with tenancy.system():
        assert not Community.objects.exists()
    of_workshop = CommunityFactory.create(status="failed")
    assert (
        url(Community, "delete_this", of_workshop.pk)
        not in client.get(url(Community, "change", of_workshop.pk)).content.decode()
    )


def test_who_may_only_look_asks_for_no_community() -> None:
    viewer, failed = staff("view_community"), StandaloneFactory.create(status="failed")
    assert viewer.get(url(Community, "add")).status_code == 403
    assert viewer.post(url(Community, "delete_this", failed.pk)).status_code == 403


# --- what was skipped


def test_choosing_a_number_offers_to_create_what_was_skipped() -> None:
    """In one step from the message; those of other organizations are left alone."""
    session = SessionFactory.create()
    skipped = [CommunityFactory.create(organization=session.organization, status="skipped", run_after=None)]
    skipped.append(StandaloneFactory.create(organization=session.organization, status="skipped"))
    foreign = StandaloneFactory.create(status="skipped")
    client = superuser()
    assert "2 communities were skipped while no number was chosen." in press(client, "choose_this", session)
    page = url(Community, "queue_skipped", session.organization_id)
    assert "Create 2 communities that were skipped" in text_of(client.get(page))
    assert "2 communities queued." in text_of(client.post(page, follow=True))
    with tenancy.system():
        for community in (*skipped, foreign):
            community.refresh_from_db()
    assert [community.status for community in (*skipped, foreign)] == ["queued", "queued", "skipped"]
    assert "skipped" not in press(client, "choose_this", session), "nothing is left to offer"


def test_the_same_from_the_list_of_sessions() -> None:
    session = SessionFactory.create()
    StandaloneFactory.create(organization=session.organization, status="skipped")
    page = superuser()
    assert "1 community was skipped while no number was chosen." in act(page, "choose_for_communities", session)


def test_skipped_communities_are_not_queued_without_a_number_or_the_right() -> None:
    skipped = StandaloneFactory.create(status="skipped")
    page = url(Community, "queue_skipped", skipped.organization_id)
    assert "No WhatsApp session is chosen" in text_of(superuser().post(page, follow=True))
    assert staff("view_community").post(page).status_code == 403
    assert superuser().get(url(Community, "queue_skipped", "org_nowhere")).status_code == 404
    with tenancy.system():
        skipped.refresh_from_db()
    assert skipped.status == "skipped"


# --- the overview


def test_the_overview_counts_what_is_out_of_step() -> None:
    client = superuser()
    assert text_of(client.get("/admin/")).count("None.") == 4
    CommunityFactory.create_batch(2, status="failed")
    CommunityFactory.create(status="ready")
    SyncRunFactory.create_batch(3, status="suspicious", doubts=["empty"])
    SyncRunFactory.create()
    SessionFactory.create(status="logged_out")
    old = SyncRunFactory.create(status="failed")
    with tenancy.system():
        SyncRun.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
    with CaptureQueriesContext(connection) as captured:
        said = text_of(client.get("/admin/"))
    assert "not ready 2 Failed" in said
    assert "last 7 days 3 Suspicious" in said
    assert "are away 1 Logged Out" in said
    assert len(captured) < 13


def test_the_overviews_numbers_lead_to_their_rows() -> None:
    GroupMemberFactory.create()
    SyncRunFactory.create(status="failed", error="The reason")
    SyncRunFactory.create()
    client = superuser()
    page = client.get("/admin/").content.decode()
    link = page.split('href="/admin/whatsapp/syncrun/?')[1].split('"')[0].replace("&amp;", "&")
    assert "1 sync" in text_of(client.get(f"/admin/whatsapp/syncrun/?{link}"))


def test_the_overview_shows_what_one_may_see() -> None:
    said = text_of(staff("view_community").get("/admin/"))
    assert "Communities that are not ready" in said
    assert "Syncs in trouble" not in said
    assert " Sessions " not in said, "nor does the side bar"


def test_no_page_loads_anything_from_elsewhere() -> None:
    workshop = _ready_workshop()
    client = superuser()
    pages = ["/admin/", url(Workshop, "changelist"), url(Workshop, "add"), url(Workshop, "change", workshop.pk)]
    for page in [*(client.get(address) for address in pages), Client().get("/admin/login/")]:
        for attribute in ('src="', "src='", 'action="', 'link href="'):
            loaded = [piece.split(attribute[-1])[0] for piece in page.content.decode().split(attribute)[1:]]
            assert not [address for address in loaded if address.startswith(("http:", "https:", "//"))]
