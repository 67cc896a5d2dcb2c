"""What Clerk tells: verified, stored, and written down once, in any order."""

import base64
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from svix.webhooks import Webhook

from accounts.models import AppUser, AuthUser
from common import tenancy
from organizations.models import Membership, Organization, ReconcileRun
from organizations.signals import profiles_changed
from organizations.tests import hooks
from organizations.tests.factories import MembershipFactory, OrganizationFactory
from organizations.tests.hooks import EARLY, LATER, live, membership, names, organization, signed, tell, user
from webhooks import dispatch
from webhooks import services as webhooks
from webhooks.models import Delivery, RefusedCount

pytestmark = pytest.mark.django_db
FILES = sorted(Path(__file__).with_name("payloads").glob("*.json"))
HANDLED = {"organization", "organizationMembership", "user"}
_BODY = b'{"type": "organization.created", "data": {"id": "org_1", "name": "Guild"}}'


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_event_that_clerk_documents_is_taken(file: Path) -> None:
    body = file.read_bytes()
    answer = hooks.post(body, signed(body, key="msg_1"))
    assert (answer.status_code, answer.json()) == (200, {"received": 1})
    dispatch.drain(source="clerk")
    delivery = Delivery.objects.get()
    is_handled = file.stem.split(".")[0] in HANDLED
    assert delivery.status == ("done" if is_handled else "ignored"), delivery.error
    assert delivery.occurred_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_an_invitations_link_and_private_metadata_are_not_kept() -> None:
    tell(
        "organizationInvitation.created",
        {"id": "orginv_1", "url": "https://x.example/?token=abc", "role": "org:member"},
    )
    assert "abc" not in json.dumps(Delivery.objects.get().payload)
    tell("user.created", user(private_metadata={"note": "ill"}))
    assert "ill" not in json.dumps(Delivery.objects.latest("pk").payload)


def test_an_organization_its_people_and_their_roles_come_from_events() -> None:
    tell("organization.created", organization())
    tell("user.created", user("user_owner"))
    tell("organizationMembership.created", membership("orgmem_1", "user_owner", role="org:admin"))
    tell("organizationMembership.created", membership("orgmem_2", "user_1"))
    assert names() == {"org_1": "Guild"}
    assert live() == {("org_1", "user_owner"): "owner", ("org_1", "user_1"): "member"}
    assert AppUser.objects.get(pk="user_owner").email == "user_owner@x.example"


def test_a_message_is_handled_once_however_often_it_comes() -> None:
    for _ in range(3):
        assert hooks.send("organization.created", organization(), key="msg_same").status_code == 200
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    "kind", ["organization.deleted", "user.deleted", "organizationMembership.created", "user.updated"]
)
def test_an_event_that_names_nothing_is_ignored(kind: str) -> None:
    assert tell(kind, {"deleted": True}).status == "ignored"


def test_f28_a_membership_before_its_organization_and_its_person_makes_stubs() -> None:
    """`mirror.record_memberships`: without `record_organizations(organizations=stubs)` and `ensure_people`."""
    assert tell("organizationMembership.created", membership()).status == "done"
    assert (names(), live()) == ({"org_1": "Guild"}, {("org_1", "user_1"): "member"})
    assert AppUser.objects.get(pk="user_1").full_name == "Ole Lie"
    tell("organization.created", organization(name="Guild of Bergen"))
    tell("user.created", user())
    assert names() == {"org_1": "Guild of Bergen"}
    assert AppUser.objects.get(pk="user_1").email == "user_1@x.example"


def test_f29_an_older_update_is_ignored_and_kept_in_the_inbox() -> None:
    """`Organization._MIRROR`: without `kept.clerk_updated_at <= excluded.clerk_updated_at`."""
    tell("organization.updated", organization(name="New", updated=LATER))
    late = tell("organization.updated", organization(name="Old", updated=EARLY))
    assert (names()["org_1"], late.status) == ("New", "ignored")
    assert late.payload["data"]["name"] == "Old"


def test_an_older_change_of_role_is_ignored() -> None:
    tell("organizationMembership.updated", membership(role="org:admin", updated=LATER))
    assert tell("organizationMembership.created", membership(role="org:member")).status == "ignored"
    assert live() == {("org_1", "user_1"): "admin"}


def test_what_is_embedded_in_a_membership_never_overwrites_an_organization() -> None:
    tell("organization.created", organization(name="Right"))
    tell("organizationMembership.created", membership(organization=organization(name="Wrong", updated=LATER)))
    assert names() == {"org_1": "Right"}


def test_f30_an_organization_that_was_deleted_does_not_come_back() -> None:
    """`Organization._MIRROR`: without `kept.deleted_at IS NULL`."""
    tell("organization.deleted", {"id": "org_1", "deleted": True})
    assert tell("organization.created", organization(updated=LATER)).status == "ignored"
    assert names() == {}


def test_what_an_organization_had_goes_with_it_and_what_comes_late_is_dead() -> None:
    tell("organizationMembership.created", membership())
    tell("organization.deleted", {"id": "org_1", "deleted": True})
    tell("organizationMembership.created", membership("orgmem_2", "user_2"))
    assert live() == {}
    with tenancy.system():
        assert Membership.objects.count() == 0
        assert Membership.with_deleted.count() == 2


def test_what_a_person_had_goes_with_them_and_what_comes_late_is_dead() -> None:
    tell("organizationMembership.created", membership())
    assert tell("user.deleted", {"id": "user_1", "deleted": True}).status == "done"
    tell("organizationMembership.created", membership("orgmem_2", "user_1", created=LATER))
    assert tell("user.created", user(updated=LATER)).status == "ignored"
    tell("user.deleted", {"id": "user_9", "deleted": True})
    tell("organizationMembership.created", membership("orgmem_9", "user_9"))
    assert live() == {}
    assert AuthUser.objects.filter(deleted_at=None).count() == 0


def test_f31_a_membership_ends_though_its_delete_carries_an_old_time() -> None:
    """`Membership._MIRROR`: without `excluded.deleted_at IS NOT NULL OR`."""
    tell("organizationMembership.updated", membership(role="org:admin", updated=LATER))
    assert tell("organizationMembership.deleted", membership(updated=EARLY)).status == "done"
    assert live() == {}


def test_a_membership_that_ended_before_it_began_stays_ended() -> None:
    tell("organizationMembership.deleted", membership())
    assert tell("organizationMembership.created", membership(updated=LATER)).status == "ignored"
    assert live() == {}


def test_somebody_who_comes_back_is_a_new_membership_in_any_order() -> None:
    first, second = membership("orgmem_1"), membership("orgmem_2", role="org:admin", created=LATER, updated=LATER)
    tell("organizationMembership.created", first)
    tell("organizationMembership.created", second)
    assert live() == {("org_1", "user_1"): "admin"}
    tell("organizationMembership.deleted", first)
    assert live() == {("org_1", "user_1"): "admin"}


def test_an_older_membership_that_comes_late_is_dead() -> None:
    tell("organizationMembership.created", membership("orgmem_2", role="org:admin", created=LATER, updated=LATER))
    tell("organizationMembership.created", membership("orgmem_1"))
    assert live() == {("org_1", "user_1"): "admin"}
    tell("organizationMembership.deleted", membership("orgmem_2", created=LATER))
    assert live() == {}


def test_the_end_of_a_newer_membership_ends_the_older_one_too() -> None:
    tell("organizationMembership.created", membership("orgmem_1"))
    tell("organizationMembership.deleted", membership("orgmem_2", created=LATER, updated=LATER))
    assert live() == {}


def test_a_membership_made_by_hand_gives_way_to_clerks() -> None:
    made = MembershipFactory.create(
        role="owner", organization=OrganizationFactory.create(id="org_1"), user__id="user_1"
    )
    tell("organizationMembership.created", membership())
    assert live() == {("org_1", "user_1"): "member"}
    with tenancy.system():
        assert Membership.with_deleted.get(pk=made.pk).deleted_at


def test_a_membership_that_names_nobody_asks_for_its_organizations_list() -> None:
    delivery = tell("organizationMembership.created", membership(public_user_data=None))
    assert (delivery.status, live()) == ("done", {})
    assert ReconcileRun.objects.get().scope == "org_1"


def test_a_known_membership_is_changed_and_ended_without_naming_its_person() -> None:
    tell("organizationMembership.created", membership())
    tell("organizationMembership.updated", membership(public_user_data=None, role="org:admin", updated=LATER))
    assert live() == {("org_1", "user_1"): "admin"}
    tell("organizationMembership.deleted", membership(public_user_data=None))
    assert live() == {}


def test_the_end_of_an_unknown_membership_without_its_person_waits_for_its_beginning() -> None:
    parked = tell("organizationMembership.deleted", membership(public_user_data=None))
    assert parked.status == "parked"
    tell("organizationMembership.created", membership())
    dispatch.drain(source="clerk")
    parked.refresh_from_db()
    assert (parked.status, live()) == ("done", {})


def test_it_does_not_wait_for_ever() -> None:
    parked = tell("organizationMembership.deleted", membership(public_user_data=None))
    Delivery.objects.update(received_at=datetime.now(UTC) - timedelta(days=3))
    webhooks.process_again(deliveries=Delivery.objects.all())
    dispatch.drain(source="clerk")
    parked.refresh_from_db()
    assert parked.status == "ignored"


@pytest.mark.parametrize(
    ("clerk_role", "role"),
    [
        ("org:admin", "admin"), ("admin", "admin"), ("org:member", "member"), ("basic_member", "member"),
        ("org:viewer", "viewer"), ("org:billing", "org:billing"), ("owner", "unknown:owner"), ("", "unknown:"),
        ("viewer", "unknown:viewer"),
    ],
)  # fmt: skip
def test_roles_are_mapped_by_the_table(clerk_role: str, role: str) -> None:
    tell("organizationMembership.created", membership(role=clerk_role))
    assert live() == {("org_1", "user_1"): role}


def test_f34_an_unknown_role_grants_nothing_at_the_next_request(api: Any) -> None:
    """`roles.role_of`: without `return clerk_role …`, or with the old role kept."""
    tell("organizationMembership.created", membership(role="org:admin"))
    with tenancy.system():
        row = Membership.objects.get()
    client = api(row)
    assert client.get("/api/workshops").status_code == 200
    tell("organizationMembership.updated", membership(role="org:billing", updated=LATER))
    answer = client.get("/api/workshops")
    assert (answer.status_code, answer.json()["code"]) == (403, "role_forbids")
    tell("organizationMembership.deleted", membership())
    assert client.get("/api/workshops").status_code == 404


def test_the_creator_is_owner_while_an_admin_and_however_late_we_hear_who_it_was() -> None:
    unknown = organization(created_by=None)
    tell("organizationMembership.created", membership("orgmem_1", "user_owner", role="admin", organization=unknown))
    assert live() == {("org_1", "user_owner"): "admin"}
    tell("organization.created", organization())
    assert live() == {("org_1", "user_owner"): "owner"}
    tell("organizationMembership.updated", membership("orgmem_1", "user_owner", updated=LATER))
    assert live() == {("org_1", "user_owner"): "member"}


def test_a_missing_slug_clears_nothing() -> None:
    tell("organization.created", organization(slug=None))
    with tenancy.system():
        assert Organization.objects.get().slug is None
    tell("organization.updated", organization(updated=LATER))
    tell("organization.updated", organization(slug=None, updated=LATER + 1))
    with tenancy.system():
        assert Organization.objects.get().slug == "guild"


@pytest.mark.parametrize(
    ("facts", "email"),
    [
        ({"primary_email_address_id": "idn_9"}, None),
        ({"email_addresses": []}, None),
        ({"primary_email_address_id": None}, None),
        (
            {
                "email_addresses": [
                    {"id": "idn_0", "email_address": "a@x.example"},
                    {"id": "idn_1", "email_address": "b@x.example"},
                ]
            },
            "b@x.example",
        ),
    ],
)  # fmt: skip
def test_the_primary_email_is_the_one_that_is_named_so(facts: dict[str, Any], email: str | None) -> None:
    tell("user.created", user(**facts))
    assert AuthUser.objects.get().email == email


def test_a_new_name_or_logo_is_told_and_nothing_else_is() -> None:
    told: list[list[str]] = []

    def listen(organization_ids: list[str], **_: Any) -> None:
        told.append(organization_ids)

    profiles_changed.connect(listen)
    try:
        tell("organization.created", organization())
        tell("organization.updated", organization(slug="other", updated=LATER))
        tell("organization.updated", organization(image_url="https://img.example/2", updated=LATER + 1))
        tell("organization.updated", organization(name="Late", updated=EARLY))
    finally:
        profiles_changed.disconnect(listen)
    assert told == [["org_1"], ["org_1"]]


@pytest.mark.parametrize("kind", ["created", "updated", "deleted"])
def test_a_membership_is_written_by_one_statement(kind: str) -> None:
    tell("organizationMembership.created", membership("orgmem_0"))
    with CaptureQueriesContext(connection) as captured:
        tell(f"organizationMembership.{kind}", membership(created=LATER))
    written = [query["sql"] for query in captured if re.search(r"(INTO|UPDATE) organization_members", query["sql"])]
    assert len(written) == 1


def test_f32_a_handler_that_fails_leaves_its_event_in_the_inbox(settings: Any) -> None:
    """`webhooks.dispatch._handle`: without `_failed(…)`, or with a view that answers before it has stored."""
    settings.CLERK_ROLES = None
    delivery = tell("organizationMembership.created", membership())
    assert (delivery.status, live()) == ("failed", {})
    settings.CLERK_ROLES = {"org:member": "member"}
    webhooks.process_again(deliveries=Delivery.objects.all())
    dispatch.drain(source="clerk")
    delivery.refresh_from_db()
    assert (delivery.status, live()) == ("done", {("org_1", "user_1"): "member"})


def test_svixs_own_vector_verifies() -> None:
    signature = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), '{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("position", [0, 1])
def test_two_secrets_are_good_while_one_is_being_changed(settings: Any, position: int) -> None:
    settings.CLERK_WEBHOOK_SECRETS = [f"whsec_{base64.b64encode(name).decode()}" for name in (b"new" * 8, b"old" * 8)]
    headers = signed(_BODY, key="msg_1", secret=settings.CLERK_WEBHOOK_SECRETS[position])
    assert hooks.post(_BODY, headers).status_code == 200


HOSTILE: list[dict[str, str]] = [
    {},
    {"svix-signature": ""},
    {"svix-signature": "v1"},
    {"svix-signature": "v1,"},
    {"svix-signature": "v1,a,b"},
    {"svix-signature": "v1,!"},
    {"svix-signature": "v1,é"},
    {"svix-signature": ",,, ,, "},
    {"svix-signature": "v1," + "A" * 100_001},
    {"svix-timestamp": "soon"},
    {"svix-timestamp": "1e400"},
    {"svix-timestamp": "nan"},
    {"svix-timestamp": "-1"},
    {"svix-timestamp": "9" * 400},
    {"svix-timestamp": "1614265330"},
    {"svix-id": ""},
    {"svix-id": "msg_é"},
    {"svix-id": "msg_other"},
]


@pytest.mark.parametrize("damage", HOSTILE)
def test_f35_hostile_headers_are_a_401_without_noise(damage: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    """`inbound._is_signed`: without `except Exception`."""
    headers = {**signed(_BODY, key="msg_1"), **damage} if damage else {}
    with caplog.at_level(logging.WARNING):
        answer = hooks.post(_BODY, headers)
    assert answer.status_code == 401
    assert not [record for record in caplog.records if record.exc_info]
    assert Delivery.objects.count() == 0


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "é", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_f35_a_damaged_secret_of_ours_is_a_401_too(settings: Any, secret: str) -> None:
    """`inbound._is_signed`: without `except Exception`."""
    headers = signed(_BODY, key="msg_1")
    settings.CLERK_WEBHOOK_SECRETS = [secret]
    assert hooks.post(_BODY, headers).status_code == 401
    assert RefusedCount.objects.get().reason == "wrong_signature"


def test_without_a_secret_everything_is_refused(settings: Any) -> None:
    headers = signed(_BODY, key="msg_1")
    settings.CLERK_WEBHOOK_SECRETS = []
    assert hooks.post(_BODY, headers).status_code == 401
    assert RefusedCount.objects.get().reason == "no_secret_configured"


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b'{"type": 5, "data": {}}', b'{"type": "", "data": {}}', b'{"type": "a"}',
     b'{"type": "a", "data": []}', b"[" * 50_000],
)  # fmt: skip
def test_a_signed_body_that_is_no_event_is_a_400(body: bytes) -> None:
    assert hooks.post(body, signed(body, key="msg_1")).status_code == 400


def test_a_body_that_is_no_text_is_not_svixs() -> None:
    assert hooks.post(b"\xff\xfe", signed(_BODY, key="msg_1")).status_code == 401


@pytest.mark.parametrize(("instance", "status"), [("ins_ours", 200), ("ins_theirs", 403), (None, 200)])
def test_another_instances_events_are_refused_where_ours_is_named(settings: Any, instance: str, status: int) -> None:
    settings.CLERK_INSTANCE_ID = "ins_ours"
    body = json.dumps(
        {"type": "user.created", "data": user(), **({"instance_id": instance} if instance else {})}
    ).encode()
    assert hooks.post(body, signed(body, key="msg_1")).status_code == status


def test_the_database_itself_refuses_a_second_live_membership() -> None:
    one = MembershipFactory.create()
    with pytest.raises(DatabaseError), tenancy.system():
        Membership.objects.create(organization=one.organization, user=one.user, role="viewer")


def test_a_person_sees_no_tombstones(api: Any) -> None:
    tell("organizationMembership.created", membership())
    tell("organizationMembership.created", membership("orgmem_9", "user_1", organization=organization("org_2")))
    tell("organizationMembership.deleted", membership())
    tell("organization.deleted", {"id": "org_2"})
    with tenancy.person("user_1"):
        assert list(Membership.with_deleted.all()) == []
        assert list(Organization.with_deleted.all()) == []
