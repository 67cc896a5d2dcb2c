"""Live updates, with the real ASGI process and a Redis that goes away."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psutil
import pytest
import requests
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from common import live, tenancy
from common.live.events import client as redis_client
from common.tests.processes import Product, running_product, wait_until
from conftest import Api
from organizations.models import Membership
from organizations.tests.factories import MembershipFactory
from sandbox.client import Sandbox
from webhooks import dispatch
from whatsapp import outbound
from whatsapp import services as whatsapp
from whatsapp.models import Group, GroupMember, Session
from whatsapp.services import Change
from workshops import services
from workshops.models import Community, Workshop
from workshops.tests.factories import CommunityFactory, WorkshopFactory, workshop_of
from workshops.tests.pages import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]

ORIGIN = "https://app.example.com"


@pytest.fixture(scope="module")
def processes(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("live")) as product:
        product.start_redis()
        product.start_live(LIVE_HEARTBEAT_SECONDS="0.5", CORS_ALLOWED_ORIGINS=ORIGIN)
        yield product


@pytest.fixture(autouse=True)
def product(processes: Product, settings: Any) -> Iterator[Product]:
    """The live process; this process publishes to its Redis. It has let go of the database before that is emptied."""
    settings.REDIS_URL, settings.LIVE_URL = processes.redis_url, processes.live
    yield processes
    wait_until(lambda: readers() == transactions_left_open() == 0, "the live process to be quiet")


@pytest.fixture
def member() -> Membership:
    return MembershipFactory.create(role="member")


@pytest.fixture
def workshop(member: Membership) -> Workshop:
    """One whose community is ready."""
    return workshop_of(CommunityFactory.create(organization=member.organization, status="ready"))


Ticket = Callable[[], str]


@pytest.fixture
def ticket(api: Api, member: Membership, workshop: Workshop) -> Ticket:
    """`ticket()` is the address of a new stream."""

    def issue() -> str:
        answer = api(member).post(f"/api/workshops/{workshop.pk}/events-ticket")
        assert answer.status_code == 201, answer.content
        return str(answer.json()["url"])

    return issue


def join(workshop: Workshop, *numbers: int) -> None:
    """People join in one batch of events, each handled in a savepoint of its own."""
    assert workshop.community_group is not None
    with tenancy.tenant(workshop.organization_id):
        for number in numbers:
            at = timezone.now() - timedelta(hours=1) + timedelta(seconds=number)
            change = Change("join", f"{number}@lid", None, None, occurred_at=at, stamp=at)
            whatsapp.record_change(group=workshop.community_group, change=change)


# --- tickets -----------------------------------------------------------------------------------------------------


def test_a_ticket_opens_one_stream(ticket: Ticket) -> None:
    url = ticket()
    with Page(url) as page:
        assert page.answer.status_code == 200
        assert page.answer.headers["Content-Type"] == "text/event-stream"
        assert page.answer.headers["Cache-Control"] == "no-store"
        assert page.next().name == "ready"
        again = requests.get(url, timeout=30)
        assert (again.status_code, again.json()["code"]) == (401, "ticket_invalid")


def test_redis_knows_no_ticket_but_its_hash_and_forgets_it_after_a_minute(ticket: Ticket) -> None:
    token = ticket().partition("ticket=")[2]
    keys = [str(key) for key in redis_client().keys("live-ticket:*")]
    assert len(token) >= 43
    assert not any(token in key or token in str(redis_client().get(key)) for key in keys)
    assert all(0 < int(redis_client().ttl(key)) <= 60 for key in keys)


def test_an_expired_ticket_opens_nothing(ticket: Ticket) -> None:
    url = ticket()
    for key in redis_client().keys("live-ticket:*"):
        redis_client().pexpire(key, 1)
    wait_until(lambda: not redis_client().keys("live-ticket:*"), "the end of the ticket")
    assert requests.get(url, timeout=30).status_code == 401
    assert requests.get(url.partition("?")[0], timeout=30).status_code == 401


def test_another_organizations_workshop_is_a_404(api: Api, member: Membership, ticket: Ticket) -> None:
    foreign = WorkshopFactory.create()
    assert api(member).post(f"/api/workshops/{foreign.pk}/events-ticket").status_code == 404
    url = ticket().partition("?ticket=")
    path = url[0].rsplit("/", 2)[0]
    assert requests.get(f"{path}/{foreign.pk}/events?ticket={url[2]}", timeout=30).status_code == 404


def test_a_viewer_may_follow_and_an_unknown_role_may_not(api: Api, workshop: Workshop) -> None:
    path = f"/api/workshops/{workshop.pk}/events-ticket"
    viewer = MembershipFactory.create(organization=workshop.organization, role="viewer")
    guest = MembershipFactory.create(organization=workshop.organization, role="guest")
    assert api(viewer).post(path).status_code == 201
    assert api(guest).post(path).json()["code"] == "role_forbids"


def test_without_a_live_address_it_is_the_requests(
    api: Api, member: Membership, workshop: Workshop, settings: Any
) -> None:
    settings.LIVE_URL = ""
    answer = api(member).post(f"/api/workshops/{workshop.pk}/events-ticket")
    assert answer.json()["url"].startswith(f"http://testserver/api/workshops/{workshop.pk}/events?ticket=")


def test_a_process_without_streams_says_so(workshop: Workshop) -> None:
    path = f"/api/workshops/{workshop.pk}/events"
    assert (Client().get(path).status_code, Client().get(path).json()["code"]) == (421, "not_the_live_process")
    assert (Client().post(path).status_code, Client().post(path).json()["code"]) == (405, "method_not_allowed")


# --- events ------------------------------------------------------------------------------------------------------


def test_f03_whoever_hears_of_a_join_sees_it_in_the_api(
    api: Api, member: Membership, workshop: Workshop, ticket: Ticket
) -> None:
    """Fails if the event is published before the commit."""
    with Page(ticket()) as page:
        page.next()
        join(workshop, 1)
        heard = page.next()
        assert api(member).get(f"/api/workshops/{workshop.pk}").json()["member_count"] == 1
    assert (heard.name, heard.data["type"], heard.data["workshop_id"]) == ("message", "members", str(workshop.pk))
    assert heard.id
    assert heard.data["at"]


def test_f04_two_copies_of_a_join_are_one_event(workshop: Workshop, ticket: Ticket) -> None:
    with Page(ticket()) as page:
        page.next()
        join(workshop, 1)
        join(workshop, 1)
        assert page.next().data["type"] == "members"
        assert page.is_silent(1)


def test_a_batch_of_joins_is_one_event(workshop: Workshop, ticket: Ticket) -> None:
    with Page(ticket()) as page:
        page.next()
        join(workshop, *range(50))
        assert page.next().data["type"] == "members"
        assert page.is_silent(1)


def test_what_is_rolled_back_is_no_event(workshop: Workshop, ticket: Ticket) -> None:
    with Page(ticket()) as page:
        page.next()
        with pytest.raises(RuntimeError), tenancy.tenant(workshop.organization_id):
            join(workshop, 1)
            raise RuntimeError
        assert page.is_silent(1)


def play(sandbox: Sandbox, workshop: Workshop) -> str:
    """The workshop's group and its session are at the gateway, too. Answers the group's JID."""
    group = workshop.community_group
    assert group is not None
    assert group.session_id is not None
    played = sandbox.add_session(phone_number="919800000001")
    jid = sandbox.add_community(played.session_id, "Crypto").announcement_jid
    with tenancy.system():
        Session.objects.filter(pk=group.session_id).update(
            gateway_session_id=played.session_id, full_phone="+919800000001"
        )
        Group.objects.filter(pk=group.pk).update(group_jid=jid)
    return jid


def test_webhooks_of_one_batch_are_one_event_and_their_repeats_none(
    sandbox: Sandbox, workshop: Workshop, ticket: Ticket
) -> None:
    jid = play(sandbox, workshop)
    sandbox.webhooks.configure(url="http://127.0.0.1:9/webhooks/whatsapp/main", holds=True)
    sandbox.join(jid, 5)
    posts = sandbox.webhooks.take()
    with Page(ticket()) as page:
        page.next()
        for _ in range(2):
            for post in posts:
                deliver(post.body)
            dispatch.drain(source="whatsapp")
        with tenancy.system():
            assert GroupMember.objects.filter(status="active").count() == 5
        assert page.next().data["type"] == "members"
        assert page.is_silent(1)


def deliver(body: bytes) -> None:
    """A webhook, signed by the key itself."""
    key = str(django_settings.WHATSAPP_GATEWAYS["main"]["webhook_secrets"][0])
    path = "/webhooks/whatsapp/main"
    answer = Client().post(path, body, content_type="application/json", headers={"X-API-Key": key})
    assert answer.status_code == 200


def test_a_sync_is_one_event_however_many_people_it_adds(sandbox: Sandbox, workshop: Workshop, ticket: Ticket) -> None:
    sandbox.join(play(sandbox, workshop), 20)
    with Page(ticket()) as page:
        page.next()
        with tenancy.tenant(workshop.organization_id):
            run = services.sync_members(workshop=workshop, requested_by="test")
        outbound.sync_members(run_id=run.pk, attempt=run.attempt, organization_id=workshop.organization_id)
        heard = page.next()
        assert (heard.data["type"], heard.data["run_id"]) == ("sync", str(run.pk))
        with tenancy.system():
            assert GroupMember.objects.filter(status="active").count() == 21
        assert page.is_silent(1)


def test_a_community_in_another_state_is_an_event(api: Api, member: Membership) -> None:
    workshop = workshop_of(CommunityFactory.create(organization=member.organization, status="failed"))
    url = api(member).post(f"/api/workshops/{workshop.pk}/events-ticket").json()["url"]
    with Page(url) as page:
        page.next()
        assert api(member).post(f"/api/workshops/{workshop.pk}/community/retry").status_code == 202
        assert page.next().data["type"] == "community"
        with tenancy.system():
            assert Community.objects.get(workshop=workshop).status == "queued"


def test_a_page_hears_of_its_own_workshop_only(workshop: Workshop, ticket: Ticket) -> None:
    other = workshop_of(CommunityFactory.create(organization=workshop.organization, status="ready"))
    with Page(ticket()) as page:
        page.next()
        join(other, 1)
        assert page.is_silent(1)


# --- coming back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_header", [True, False])
def test_a_page_that_comes_back_hears_what_it_missed(workshop: Workshop, ticket: Ticket, by_header: bool) -> None:
    with Page(ticket()) as page:
        page.next()
        join(workshop, 1)
        last = page.next().id
    join(workshop, 2)
    join(workshop, 3)
    again = Page(ticket(), **{"Last-Event-ID": last}) if by_header else Page(f"{ticket()}&last_event_id={last}")
    with again as page:
        assert (page.next().name, page.next().name, page.next().name) == ("ready", "message", "message")
        assert page.is_silent(1)


@pytest.mark.parametrize("last", ["1-1", "junk", "-", "99999999999999999999999-0", "9999999999999-0"])
def test_an_id_that_nobody_knows_is_answered_by_reset(workshop: Workshop, ticket: Ticket, last: str) -> None:
    join(workshop, 1)
    with Page(f"{ticket()}&last_event_id={last}") as page:
        assert page.next().name == "reset"
        join(workshop, 2)
        assert page.next().data["type"] == "members"


def test_a_page_that_is_too_far_behind_starts_anew(workshop: Workshop, ticket: Ticket) -> None:
    with Page(ticket()) as page:
        first = page.next().id
    for _ in range(101):
        live.publish(str(workshop.pk), type="members")
    with Page(f"{ticket()}&last_event_id={first}") as page:
        assert page.next().name == "reset"


# --- the end -----------------------------------------------------------------------------------------------------


def test_heartbeats_come_while_nothing_happens(ticket: Ticket) -> None:
    with Page(ticket()) as page:
        assert page.heartbeat() == ": heartbeat"
        assert page.heartbeat() == ": heartbeat"


@pytest.mark.parametrize("how", ["removed", "demoted", "workshop deleted"])
def test_who_may_not_read_any_more_is_gone_at_the_next_heartbeat(
    member: Membership, workshop: Workshop, ticket: Ticket, how: str
) -> None:
    with Page(ticket()) as page:
        page.next()
        with tenancy.system():
            if how == "removed":
                member.delete()
            elif how == "demoted":
                Membership.objects.filter(pk=member.pk).update(role="guest")
            else:
                services.delete_workshop(workshop=workshop)
        assert page.next().name == "gone"
        assert page.is_ended.wait(30)


def test_the_page_of_another_origin_may_read_if_it_is_ours(ticket: Ticket) -> None:
    with Page(ticket(), Origin=ORIGIN) as page:
        assert page.answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    with Page(ticket(), Origin="https://evil.example.com") as page:
        assert "Access-Control-Allow-Origin" not in page.answer.headers


def test_pages_that_are_closed_leave_nothing_behind(product: Product, workshop: Workshop, ticket: Ticket) -> None:
    process = psutil.Process(product.started["live"].pid)
    before = process.num_threads()
    pages = [Page(ticket()) for _ in range(10)]
    for page in pages:
        page.next()
        page.heartbeat()
    wait_until(lambda: transactions_left_open() == 0, "a moment without a transaction, since none is held by a page")
    for page in pages:
        page.close()
    wait_until(lambda: readers() == 0, "the reader of Redis")
    wait_until(lambda: process.num_threads() <= before + 1, "the threads")
    assert "Traceback" not in product.log("live")


def transactions_left_open() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        )
        return int(cursor.fetchone()[0])


def readers() -> int:
    """Connections on which Redis is asked for streams."""
    return sum(found["cmd"] in ("xread", "xrange", "xrevrange") for found in redis_client().client_list())


# --- without Redis -----------------------------------------------------------------------------------------------


def test_without_redis_nothing_fails_and_pages_start_anew_when_it_is_back(
    product: Product, api: Api, member: Membership, workshop: Workshop, ticket: Ticket
) -> None:
    with Page(ticket()) as page:
        page.next()
        product.kill("redis")
        try:
            join(workshop, 1)
            answer = api(member).post(f"/api/workshops/{workshop.pk}/events-ticket")
            assert (answer.status_code, answer.json()["code"]) == (503, "live_unavailable")
        finally:
            product.start_redis()
        with tenancy.system():
            assert GroupMember.objects.count() == 1
        assert page.next().name == "reset"
        join(workshop, 2)
        assert page.next().data["type"] == "members"
