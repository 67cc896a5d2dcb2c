"""What the gateways tell us, signed by the sandbox and taken to the product's door."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from common import tenancy
from organizations.tests.factories import OrganizationFactory
from sandbox.client import Sandbox
from webhooks import dispatch, refusals
from webhooks.models import Delivery, RefusedCount
from webhooks.services import unpark
from whatsapp import outbound, services
from whatsapp.client import CreatedCommunity
from whatsapp.models import Group, GroupMember, MembershipEvent, Session, SyncRun
from whatsapp.tests.factories import GroupFactory, SessionFactory

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/webhooks/whatsapp/main"


@pytest.fixture
def session(sandbox: Sandbox) -> Session:
    organization = OrganizationFactory.create()
    played = sandbox.add_session(phone_number="919800000001")
    return SessionFactory.create(
        organization=organization, gateway_session_id=played.session_id, full_phone="+919800000001"
    )


@pytest.fixture
def group(sandbox: Sandbox, session: Session) -> Group:
    """A community's announcement group at the gateway and with us, synced once; what happens from now on is held."""
    played = sandbox.add_community(session.gateway_session_id, "Crypto")
    sandbox.webhooks.configure(url=f"http://127.0.0.1:9{PATH}", holds=True)
    return GroupFactory.create(
        organization=session.organization, session=session, group_jid=played.announcement_jid, kind="announcement"
    )


Deliver = Callable[..., None]


@pytest.fixture
def deliver(sandbox: Sandbox) -> Deliver:
    """Bring what the gateway holds to our door, and let a worker drain the inbox."""

    def bring(posts: Iterable[Any] | None = None) -> None:
        for post in sandbox.webhooks.take() if posts is None else posts:
            answer = send(post.body, dict(post.headers))
            assert answer.status_code == 200, answer.content
        dispatch.drain(source="whatsapp")

    return bring


def send(body: bytes | str, headers: dict[str, str], path: str = PATH) -> HttpResponse:
    names = {name: value for name, value in headers.items() if name.lower() not in ("content-type", "content-length")}
    return Client().post(path, body, content_type="application/json", headers=names)  # type: ignore[return-value]  # the stubs have a class of their own


def secret(settings: Any) -> str:
    return str(settings.WHATSAPP_GATEWAYS["main"]["webhook_secrets"][0])


def active(group: Group) -> set[str | None]:
    with tenancy.system():
        return set(group.members.filter(status="active").values_list("lid", flat=True))


def statuses() -> list[str]:
    with tenancy.system():
        return list(Delivery.objects.order_by("pk").values_list("status", flat=True))


def test_joins_and_leaves_arrive_by_themselves(sandbox: Sandbox, group: Group, deliver: Deliver) -> None:
    people = sandbox.join(group.group_jid, 5)
    deliver()
    assert active(group) == {person.lid for person in people}
    sandbox.leave_people(group.group_jid, [people[0].lid])
    deliver()
    assert active(group) == {person.lid for person in people[1:]}
    with tenancy.system():
        assert MembershipEvent.objects.filter(action="join").count() == 5
        assert MembershipEvent.objects.filter(action="leave").count() == 1


def test_f04_a_join_told_by_two_sessions_is_one_event(
    sandbox: Sandbox, session: Session, group: Group, deliver: Deliver
) -> None:
    """Fails without `Outcome.UNCHANGED` in `membership._weigh`."""
    other = sandbox.add_session(phone_number="919800000002")
    sandbox.put_session_in(group.group_jid, other.session_id, is_admin=True)
    SessionFactory.create(
        organization=session.organization, gateway_session_id=other.session_id, full_phone="+919800000002"
    )
    deliver()
    before = len(statuses())
    sandbox.join(group.group_jid, 1)
    deliver()
    assert len(statuses()) == before + 2
    with tenancy.system():
        newest = group.members.order_by("-joined_at").first()
        assert MembershipEvent.objects.filter(member=newest).count() == 1


def test_events_in_any_order_end_in_the_same_state(sandbox: Sandbox, group: Group, deliver: Deliver) -> None:
    person = sandbox.join(group.group_jid, 1)[0]
    sandbox.leave_people(group.group_jid, [person.lid])
    sandbox.join_people(group.group_jid, [{"lid": person.lid}])
    posts = sandbox.webhooks.take()
    deliver(reversed([*posts, *posts]))
    assert person.lid in active(group)
    with tenancy.system():
        told = list(MembershipEvent.objects.order_by("occurred_at").values_list("action", flat=True))
    assert told == ["join", "leave", "join"]


def test_f06_an_event_of_an_unknown_session_is_parked_and_placed_when_it_is_known(
    sandbox: Sandbox, session: Session, group: Group, deliver: Deliver
) -> None:
    """Fails without `Park` in `inbound._session`."""
    gateway_id = session.gateway_session_id
    with tenancy.system():
        Session.objects.filter(pk=session.pk).update(gateway_session_id="wa_elsewhere")
    person = sandbox.join(group.group_jid, 1)[0]
    deliver()
    assert statuses() == ["parked"]
    with tenancy.system():
        Session.objects.filter(pk=session.pk).update(gateway_session_id=gateway_id)
        assert unpark(waits_for=services.waits_for_session("main", gateway_id)) == 1
    dispatch.drain(source="whatsapp")
    assert statuses() == ["done"]
    assert active(group) == {person.lid}


def test_an_event_that_comes_before_its_group_is_known_is_placed_when_the_create_answers(
    sandbox: Sandbox, session: Session, deliver: Deliver
) -> None:
    sandbox.webhooks.configure(url=f"http://127.0.0.1:9{PATH}", holds=True)
    played = sandbox.add_community(session.gateway_session_id, "Yoga")
    person = sandbox.join(played.announcement_jid, 1)[0]
    deliver()
    assert set(statuses()) == {"parked"}
    with tenancy.system():
        created = CreatedCommunity(played.parent_jid, played.announcement_jid, "")
        groups = services.store_community(session=session, name="Yoga", created=created)
    dispatch.drain(source="whatsapp")
    assert groups.announcement is not None
    assert person.lid in active(groups.announcement)
    assert set(statuses()) == {"done"}


@pytest.mark.parametrize("form", ["api_key", "hub", "hmac512"])
def test_every_form_of_signature_is_accepted(
    sandbox: Sandbox, session: Session, group: Group, deliver: Deliver, form: str, settings: Any
) -> None:
    sandbox.webhooks.configure(signature=form, secret=secret(settings))
    sandbox.join(group.group_jid, 1)
    deliver()
    assert statuses() == ["done"]


def test_the_published_vector_of_the_sha512_form_is_accepted(settings: Any) -> None:
    """WAHA's documentation: body, key and digest."""
    gateway = {**settings.WHATSAPP_GATEWAYS["main"], "webhook_secrets": ["my-secret-key"]}
    settings.WHATSAPP_GATEWAYS = {"main": gateway}
    body = '{"event":"message","session":"default","engine":"WEBJS"}'
    digest = (
        "208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8"
        "097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89"
    )
    assert send(body, {"X-Webhook-Hmac": digest}).status_code == 200
    assert send(body + " ", {"X-Webhook-Hmac": digest}).status_code == 401


def test_two_secrets_are_good_while_one_is_being_changed(settings: Any) -> None:
    gateway = {**settings.WHATSAPP_GATEWAYS["main"], "webhook_secrets": ["new", "old"]}
    settings.WHATSAPP_GATEWAYS = {"main": gateway}
    for key, status in (("new", 200), ("old", 200), ("older", 401), ("", 401)):
        assert send('{"event": "x"}', {"X-API-Key": key}).status_code == status


def test_f05_the_secret_of_another_gateway_is_refused_and_counted(settings: Any) -> None:
    """Fails if `inbound.verify` reads the secrets of any other gateway than the path's."""
    main = settings.WHATSAPP_GATEWAYS["main"]
    settings.WHATSAPP_GATEWAYS = {"main": main, "second": {**main, "webhook_secrets": ["second secret"]}}
    assert send('{"event": "x"}', {"X-API-Key": "second secret"}).status_code == 401
    assert send('{"event": "x"}', {"X-API-Key": "second secret"}, "/webhooks/whatsapp/second").status_code == 200
    assert send('{"event": "x"}', {"X-API-Key": "x"}, "/webhooks/whatsapp/third").status_code == 404
    assert statuses() == ["received"]


@pytest.mark.parametrize("header", ["X-API-Key", "X-Hub-Signature-256", "X-Webhook-Hmac"])
@pytest.mark.parametrize("value", ["sha256=", "sha256=zz", "\u00ff" * 10, "0" * 5000, "sha256=" + "0" * 64, "="])
def test_f35_a_hostile_signature_is_a_401(header: str, value: str) -> None:
    """Fails without the comparison as bytes in `signatures.is_one_of`."""
    assert send('{"event": "join"}', {header: value}).status_code == 401
    assert statuses() == []


@pytest.mark.parametrize(
    "body",
    [
        '{"event": "join"}',
        '{"event": "join", "sessionId": 7}',
        '{"event": "join", "sessionId": "wa_x", "groupJid": {}}',
        '{"event": "status"}',
        '{"status": 7, "sessionId": "wa_x"}',
        '{"event": "message_error"}',
        '{"event": "join", "sessionId": "a\\u0000b"}',
        '{"event": "something new", "sessionId": "wa_x"}',
    ],
)
def test_whatever_has_a_good_credential_is_kept_and_harms_nothing(body: str, settings: Any) -> None:
    assert send(body, {"X-API-Key": secret(settings)}).status_code == 200
    dispatch.drain(source="whatsapp")
    assert statuses()[0] in ("ignored", "parked")


@pytest.mark.parametrize(
    "body",
    [
        {"event": "join", "groupJid": "GROUP"},
        {"event": "join", "groupJid": "PARENT", "participant": {"id": "1@lid"}},
        {"event": "join", "participant": {"id": "1@lid"}},
        {"event": "status", "status": "a new word"},
    ],
)
def test_an_event_of_no_use_is_a_sign_of_life_all_the_same(
    body: dict[str, Any], group: Group, session: Session, settings: Any
) -> None:
    """Fails without the `remember=` in `inbound._ignored`: what the handler wrote is undone."""
    with tenancy.system():
        Group.objects.create(organization=group.organization, group_jid="1@g.us", kind="community_parent")
    names = {"GROUP": group.group_jid, "PARENT": "1@g.us"}
    body = {**body, "groupJid": names.get(body.get("groupJid", "")), "sessionId": session.gateway_session_id}
    send(json.dumps(body), {"X-API-Key": secret(settings)})
    dispatch.drain(source="whatsapp")
    assert statuses()[-1] == "ignored"
    with tenancy.system():
        assert Session.objects.get(pk=session.pk).last_event_at is not None


@pytest.mark.parametrize("body", ["", "[]", "null", "{}", '"x"', "{", '{"event": 7}', "\ufeff{}"])
def test_what_is_no_event_is_a_400(body: str, settings: Any) -> None:
    assert send(body, {"X-API-Key": secret(settings)}).status_code == 400
    assert statuses() == []


@pytest.mark.parametrize(
    "stamp", ["2026-02-03T17:30:00Z", "2026-02-03T23:00:00+05:30", 1770139800, 1770139800000, "1770139800"]
)
def test_times_come_as_text_seconds_or_milliseconds(stamp: Any, settings: Any) -> None:
    send(json.dumps({"event": "join", "timestamp": stamp}), {"X-API-Key": secret(settings)})
    with tenancy.system():
        assert Delivery.objects.get().occurred_at == datetime(2026, 2, 3, 17, 30, tzinfo=UTC)


def test_a_gateway_whose_clock_is_wrong_is_corrected(
    sandbox: Sandbox, session: Session, group: Group, deliver: Deliver
) -> None:
    sandbox.set_clock(3600)
    outbound.poll_session(session_id=session.pk, organization_id=session.organization_id)
    sandbox.join(group.group_jid, 1)
    deliver()
    with tenancy.system():
        member = GroupMember.objects.get(group=group)
    assert abs(member.joined_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_status_event_connects_and_disconnects_and_older_news_changes_nothing(
    sandbox: Sandbox, session: Session, deliver: Deliver
) -> None:
    sandbox.webhooks.configure(url=f"http://127.0.0.1:9{PATH}", holds=True)
    sandbox.change_session(session.gateway_session_id, status="disconnected")
    sandbox.change_session(session.gateway_session_id, status="connected")
    posts = sandbox.webhooks.take()
    deliver(posts[::-1])
    with tenancy.system():
        session.refresh_from_db()
    assert session.status == "connected"


def test_a_flapping_session_is_reconciled_once(
    sandbox: Sandbox, session: Session, group: Group, deliver: Deliver
) -> None:
    sandbox.flap(session.gateway_session_id, 10)
    deliver()
    with tenancy.system():
        assert SyncRun.objects.filter(group=group).count() <= 1
        session.refresh_from_db()
    assert session.reconciled_at is not None


def test_secrets_inside_a_body_are_not_kept(settings: Any) -> None:
    body = '{"event": "x", "apiKey": "hush", "deep": [{"secret": "hush"}]}'
    send(body, {"X-API-Key": secret(settings)})
    with tenancy.system():
        assert "hush" not in json.dumps(Delivery.objects.get().payload)


def test_an_hmac_is_over_the_raw_bytes(settings: Any) -> None:
    body = b'{"event":  "x"}'
    good = hmac.new(secret(settings).encode(), body, hashlib.sha256).hexdigest()
    assert send(body, {"X-Hub-Signature-256": f"sha256={good}"}).status_code == 200
    assert send(body.replace(b"  ", b" "), {"X-Hub-Signature-256": f"sha256={good}"}).status_code == 401


def test_refusals_are_counted_by_reason(settings: Any) -> None:
    send('{"event": "x"}', {"X-API-Key": "wrong"})
    refusals.write()
    with tenancy.system():
        assert RefusedCount.objects.filter(source="whatsapp", reason="wrong_signature").exists()
