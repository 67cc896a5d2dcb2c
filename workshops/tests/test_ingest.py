"""Orders come in by each platform's door and become registrations."""

import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from common import tenancy
from config.checks import check_environment
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory
from webhooks.models import Delivery, RefusedCount
from workshops.models import Community, Order, Registration
from workshops.tests import posts
from workshops.tests.posts import COMPLETED, NAME, SECRET, drain, mango, payment, post, relayed, signed_order, take

pytestmark = pytest.mark.django_db

Status = Registration.Status


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory.create()


@pytest.fixture
def tagmango(organization: Organization) -> str:
    """The address without the event."""
    return f"/webhooks/tagmango/{posts.token_of(organization, 'tagmango')}"


@pytest.fixture
def relay(organization: Organization) -> str:
    return f"/webhooks/relay/{posts.token_of(organization, 'relay')}"


@pytest.fixture
def razorpay(organization: Organization, settings: Any) -> str:
    settings.ORDER_SIGNING_SECRETS = {organization.pk: {"razorpay": [SECRET]}}
    return f"/webhooks/razorpay/{posts.token_of(organization, 'razorpay')}"


@pytest.fixture
def signed(organization: Organization, settings: Any) -> str:
    settings.ORDER_SIGNING_SECRETS = {organization.pk: {"signed": [SECRET]}}
    return f"/webhooks/signed/{posts.token_of(organization, 'signed')}"


def test_an_order_is_a_registration_of_a_workshop_that_it_made_with_its_community(tagmango: str) -> None:
    take(f"{tagmango}/{COMPLETED}", mango())
    [workshop], [person], [order] = posts.workshops(), posts.registrations(), posts.orders()
    assert workshop.title == "Crypto Wealth Masterclass (Sh1)"
    assert workshop.starts_at == datetime(2026, 2, 4, 13, 30, tzinfo=UTC)  # 19:00 in Kolkata
    assert workshop.community.status == Community.Status.QUEUED
    assert (person.workshop, person.status, person.name, person.email) == (
        workshop, Status.REGISTERED, "Asha Rao", "asha@example.com",
    )  # fmt: skip
    assert (person.full_phone, person.phone_number, person.phone_tail, person.phone_text) == (
        "+919812345678", "9812345678", "9812345678", "9812345678",
    )  # fmt: skip
    assert person.registered_at == datetime(2026, 1, 20, 12, 36, 18, 831000, tzinfo=UTC)
    assert (order.amount, order.currency, order.registration_id) == (Decimal("90.00"), "INR", person.pk)
    assert order.payloads == {COMPLETED: mango()}


def test_f44_an_order_that_is_told_twice_is_one_registration(tagmango: str) -> None:
    """Removing `.filter(organization=organization, **key).first()` in `orders.take_order` fails the second event."""
    take(f"{tagmango}/{COMPLETED}", mango(), mango())
    assert Delivery.objects.count() == 1
    Delivery.objects.update(dedupe_key="pruned long ago")
    take(f"{tagmango}/{COMPLETED}", mango())
    assert (len(posts.registrations()), len(posts.orders())) == (1, 1)


def test_a_second_purchase_is_a_second_order_of_one_registration(tagmango: str, relay: str) -> None:
    take(f"{tagmango}/{COMPLETED}", mango(), mango(orderId="o2", phone="098123 45678", name="Asha R. Rao",
                                                  orderTime="2026-01-21T08:00:00Z"))  # fmt: skip
    take(relay, relayed(phone=919812345678, **{"Order Time": "2026-01-22T08:00:00Z"}))
    [person] = posts.registrations()
    assert [order.registration_id for order in posts.orders()] == [person.pk] * 3
    assert person.registered_at == datetime(2026, 1, 20, 12, 36, 18, 831000, tzinfo=UTC)


def test_two_people_may_share_an_email(tagmango: str) -> None:
    take(f"{tagmango}/{COMPLETED}", mango(), mango(orderId="o2", name="Ravi Rao", phone=9812345679))
    assert {person.name for person in posts.registrations()} == {"Asha Rao", "Ravi Rao"}


@pytest.mark.parametrize("other", ["order.created.initiated", "order.created.failed"])
@pytest.mark.parametrize("is_first", [True, False])
def test_an_order_is_paid_whichever_of_its_events_comes_first(tagmango: str, other: str, is_first: bool) -> None:
    """A failed order has been seen that said `status: "completed"`: its URL is believed, not its body."""
    events = [other, COMPLETED] if is_first else [COMPLETED, other]
    for event in events:
        take(f"{tagmango}/{event}", mango(status="completed"))
    [order], [person] = posts.orders(), posts.registrations()
    assert (order.status, person.status) == (Order.Status.COMPLETED, Status.REGISTERED)
    assert set(order.payloads) == {other, COMPLETED}


@pytest.mark.parametrize("event", ["order.created.initiated", "order.created.failed"])
def test_an_order_that_nobody_paid_is_kept_and_registers_nobody(tagmango: str, event: str) -> None:
    take(f"{tagmango}/{event}", mango(status="completed"))
    [order] = posts.orders()
    assert order.status != Order.Status.COMPLETED
    assert not posts.registrations()
    assert not posts.workshops()


@pytest.mark.parametrize(
    "custom",
    [
        {"customFields": None}, {"customFields": [{"label": "City", "value": "Pune"}]}, {"customFields": "x"},
        {"City": {"a": [1]}, "age": None}, {"mangoId": None}, {"mangoId": {"no": "text"}}, {"dialCode": None},
        {"amount": "free"},
        {"orderTime": "soon"}, {"orderTime": 10**400}, {"currency": 7}, {"email": None}, {"country": ["IN"]},
    ],
)  # fmt: skip
def test_odd_fields_do_not_lose_an_order(tagmango: str, custom: dict[str, Any]) -> None:
    take(f"{tagmango}/{COMPLETED}", mango(**custom))
    [person] = posts.registrations()
    assert person.full_phone == "+919812345678"


@pytest.mark.parametrize(
    ("body", "dial", "phone"),
    [
        (9812345678, "+91", "+919812345678"),
        (7911123456, "+44", "+447911123456"),
        (2125550123, "+1", "+12125550123"),
        (612345678, "+39", "+390612345678"),  # Italy keeps the zero that a JSON number lost
        (712345678, "+225", "+2250712345678"),  # and so does the Ivory Coast
        (501234567, "+971", "+971501234567"),
        (91234567, "+65", "+6591234567"),
        (15512345678, "+52", "+525512345678"),  # Mexico dropped its 1
        (412345678, "+61", "+61412345678"),
        (8031234567, "+234", "+2348031234567"),
        (919812345678, "+91", "+919812345678"),  # the code told twice
        (9812345678.0, 91, "+919812345678"),
    ],
)
def test_phones_are_json_numbers_beside_a_dial_code(tagmango: str, body: float, dial: Any, phone: str) -> None:
    take(f"{tagmango}/{COMPLETED}", mango(phone=body, dialCode=dial, country=""))
    [person] = posts.registrations()
    assert person.full_phone == phone


def test_a_number_that_is_none_is_kept_and_shown_as_such(relay: str) -> None:
    take(relay, relayed(phone="see notes"), relayed(phone="12345", name="Ravi Rao"), relayed(phone="see  NOTES"))
    people = {
        person.name: (person.phone_text, person.full_phone, person.phone_number) for person in posts.registrations()
    }
    assert people == {"Asha Rao": ("see  NOTES", None, None), "Ravi Rao": ("12345", None, None)}


def test_without_an_order_id_the_same_body_is_the_same_order(tagmango: str) -> None:
    body = mango()
    del body["orderId"]
    shuffled = dict(reversed(body.items()))
    take(f"{tagmango}/{COMPLETED}", body, shuffled, {**body, "amountPayable": 91})
    assert (len(posts.orders()), len(posts.registrations())) == (2, 1)


def test_the_product_id_is_asked_before_the_name_and_is_remembered(tagmango: str) -> None:
    take(f"{tagmango}/{COMPLETED}", mango(mangoId="m7"), mango(orderId="o2", mangoId="m7", phone=9812345679,
                                                              mangoName="Crypto Welth <> 5TH February"))  # fmt: skip
    assert len(posts.workshops()) == 1
    assert len(posts.registrations()) == 2


@pytest.mark.parametrize(
    ("ordered_at", "registered_at", "year"),
    [
        ("2026-02-04T20:00:00", datetime(2026, 2, 4, 14, 30, tzinfo=UTC), 2026),  # no offset: meant in Kolkata
        ("2026-02-04T18:00Z", datetime(2026, 2, 4, 18, tzinfo=UTC), 2026),  # half an hour before midnight there
        ("2026-02-04T18:30:00Z", datetime(2026, 2, 4, 18, 30, tzinfo=UTC), 2027),  # already the 5th there
    ],
)
def test_times_and_dates_are_those_of_the_organizations_zone(
    tagmango: str, ordered_at: str, registered_at: datetime, year: int
) -> None:
    take(f"{tagmango}/{COMPLETED}", mango(orderTime=ordered_at))
    [person] = posts.registrations()
    assert person.workshop is not None
    assert (person.registered_at, person.workshop.starts_at) == (
        registered_at, datetime(year, 2, 4, 13, 30, tzinfo=UTC),
    )  # fmt: skip


def test_a_renewal_is_a_second_order_of_the_registration(tagmango: str) -> None:
    take(f"{tagmango}/{COMPLETED}", mango())
    take(f"{tagmango}/order.recurring.created", mango(orderTime="2026-02-20T12:00:00Z"))
    assert (len(posts.orders()), len(posts.registrations())) == (2, 1)


EXPIRED = {
    "name": "Asha Rao", "email": "Asha@example.com", "phone": 9812345678, "mangoRecurringType": "weekly",
    "mangoTitle": NAME, "mangoLink": "https://tagmango.com/web/checkout/1234567890", "lastPurchaseDate": "20 Jan 2026",
}  # fmt: skip


def test_an_expired_subscription_ends_its_registration_until_it_is_bought_again(tagmango: str) -> None:
    take(f"{tagmango}/{COMPLETED}", mango())
    take(f"{tagmango}/subscription.expired", EXPIRED)
    assert [person.status for person in posts.registrations()] == [Status.CANCELLED]
    take(f"{tagmango}/order.recurring.created", mango(orderId="o9", orderTime="2026-01-29T12:00:00Z"))
    assert [person.status for person in posts.registrations()] == [Status.REGISTERED]


def test_an_expiry_that_is_older_than_the_latest_purchase_changes_nothing(tagmango: str) -> None:
    take(f"{tagmango}/subscription.expired", EXPIRED)
    assert not posts.workshops(), "nobody paid for it yet"
    take(f"{tagmango}/{COMPLETED}", mango(orderTime="2026-01-25T12:00:00Z"))
    assert [person.status for person in posts.registrations()] == [Status.REGISTERED]


def test_an_expiry_finds_a_foreign_number_although_it_has_no_dial_code(tagmango: str) -> None:
    take(f"{tagmango}/{COMPLETED}", mango(phone=7911123456, dialCode="+44", country="GB"))
    take(f"{tagmango}/subscription.expired", {**EXPIRED, "phone": 7911123456})
    assert [person.status for person in posts.registrations()] == [Status.CANCELLED]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'"text"', b'{"a": NaN}', b"\xff", b"[" * 5000, b'{"a":' * 70 + b"1" + b"}" * 70]
)
def test_tagmango_always_gets_exactly_200_and_what_is_unreadable_is_not_kept(tagmango: str, body: bytes) -> None:
    answer = post(f"{tagmango}/{COMPLETED}", body)
    assert (answer.status_code, answer.json()) == (200, {"received": 0})
    assert not Delivery.objects.exists()
    assert RefusedCount.objects.get().source == "tagmango"


def test_an_order_of_nobody_is_kept_and_registers_nobody(tagmango: str) -> None:
    take(f"{tagmango}/{COMPLETED}", {})
    assert (len(posts.orders()), len(posts.registrations())) == (1, 0)


def test_an_event_of_tagmango_that_we_do_not_know_is_kept_and_ignored(tagmango: str) -> None:
    take(f"{tagmango}/mango.updated", mango())
    assert Delivery.objects.get().status == "ignored"


@pytest.mark.parametrize("platform", posts.SOURCES)
@pytest.mark.parametrize("token", ["guess", "a" * 43, "x" * 5000, "%00", "\u0661", "%ff"])
def test_a_forged_token_is_refused_and_stores_nothing(organization: Organization, platform: str, token: str) -> None:
    posts.token_of(organization, platform)
    tail = f"/{COMPLETED}" if platform == "tagmango" else ""
    assert post(f"/webhooks/{platform}/{token}{tail}", mango()).status_code == 401
    assert not Delivery.objects.exists()


def test_a_token_opens_its_own_platform_only_and_none_is_told_from_the_other(tagmango: str, relay: str) -> None:
    assert post(relay.replace("relay", "tagmango") + f"/{COMPLETED}", mango()).status_code == 401
    assert post(tagmango.replace("tagmango", "relay"), relayed()).status_code == 401


def test_orders_go_to_the_organization_whose_url_was_called(tagmango: str) -> None:
    other = OrganizationFactory.create()
    take(f"{tagmango}/{COMPLETED}", mango())
    take(f"/webhooks/tagmango/{posts.token_of(other, 'tagmango')}/{COMPLETED}", mango())
    with tenancy.tenant(other.pk):
        assert Registration.objects.count() == Order.objects.count() == 1
    assert len(posts.registrations()) == len(posts.workshops()) == 2


# --- relay --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"name": None}, {"name"}), ({"name": "  "}, {"name"}), ({"email": "asha.example.com"}, {"email"}),
        ({"phone": None}, {"phone"}), ({"phone": "1" * 21}, {"phone"}), ({"phone": True}, {"phone"}),
        ({"workshop_name": ""}, {"workshop_name"}), ({"workshop_name": "x" * 256}, {"workshop_name"}),
        ({"amount": -1}, {"amount"}), ({"amount": "much"}, {"amount"}), ({"amount": None}, {"amount"}),
        ({"name": ["a"], "email": {}}, {"name", "email"}),
        (dict.fromkeys(["name", "email", "phone", "workshop_name", "amount"]),
         {"name", "email", "phone", "workshop_name", "amount"}),
    ],
)  # fmt: skip
def test_a_relay_is_told_each_field_that_is_wrong_and_what_it_sent_is_kept_as_failed(
    relay: str, wrong: dict[str, Any], fields: set[str]
) -> None:
    answer = post(relay, relayed(**wrong))
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == fields
    [kept] = Delivery.objects.all()
    assert (kept.status, kept.run_after) == ("failed", None)
    assert all(name in kept.error for name in fields)
    assert post(relay, relayed(**wrong)).status_code == 400
    drain()
    assert (Delivery.objects.count(), len(posts.orders())) == (1, 0)


def test_what_a_relay_got_wrong_fails_again_when_a_person_processes_it_again(relay: str) -> None:
    post(relay, relayed(name=None))
    Delivery.objects.all().reopen()
    drain()
    kept = Delivery.objects.get()
    assert (kept.status, kept.run_after) == ("failed", None)


@pytest.mark.parametrize("body", [b"", b"[1]", b"no json"])
def test_a_body_of_a_relay_that_cannot_be_read_stores_nothing(relay: str, body: bytes) -> None:
    assert post(relay, body).status_code == 400
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("code", ["+91", "91", 91, "IN", None, 91.0])
def test_a_relay_writes_country_codes_and_phones_in_any_way(relay: str, code: Any) -> None:
    take(relay, relayed(phone=9812345678, **{"country code": code}))
    [person] = posts.registrations()
    assert person.full_phone == "+919812345678"


def test_a_relay_may_have_no_mango_id_and_amounts_as_text(relay: str) -> None:
    take(relay, relayed(amount="1,499.50", **{"Mango Id": None}))
    assert posts.orders()[0].amount == Decimal("1499.50")


# --- Razorpay -----------------------------------------------------------------------------------------------------


def _razorpay(path: str, body: dict[str, Any], identity: str = "ev_1") -> Any:
    raw = json.dumps(body).encode()
    return post(path, raw, posts.razorpay_headers(raw, identity=identity))


def test_a_payment_of_razorpay_and_its_order_are_one_order(razorpay: str) -> None:
    paid = payment()
    paid["event"] = "order.paid"
    paid["payload"]["order"] = {"entity": {"id": "order_1", "amount": 49900, "currency": "INR", "notes": []}}
    assert _razorpay(razorpay, payment()).status_code == 200
    assert _razorpay(razorpay, payment()).status_code == 200
    assert _razorpay(razorpay, paid, "ev_2").status_code == 200
    drain()
    [order], [person] = posts.orders(), posts.registrations()
    assert (order.external_id, order.amount, person.name) == ("order_1", Decimal("499.00"), "Asha Rao")
    assert set(order.payloads) == {"payment.captured", "order.paid"}


@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_events_that_say_the_same_of_an_order_always_the_same_one_speaks(razorpay: str, is_first: bool) -> None:
    """Fails without the event beside the rank in `orders._merge`."""
    paid = payment(email="other@example.com")
    paid["event"] = "order.paid"
    for number, body in enumerate([payment(), paid] if is_first else [paid, payment()]):
        _razorpay(razorpay, body, f"ev_{number}")
        drain()
    [order], [person] = posts.orders(), posts.registrations()
    assert (order.event, order.email, person.email) == ("payment.captured", "asha@example.com", "asha@example.com")


@pytest.mark.parametrize(("currency", "amount"), [("INR", "499.00"), ("JPY", "49900.00"), ("KWD", "49.90")])
def test_razorpay_counts_in_the_smallest_unit(razorpay: str, currency: str, amount: str) -> None:
    _razorpay(razorpay, payment(currency=currency))
    drain()
    assert posts.orders()[0].amount == Decimal(amount)


def test_a_refund_ends_the_registration_and_a_part_of_one_does_not(razorpay: str) -> None:
    _razorpay(razorpay, payment())
    part, whole = payment(amount_refunded=100), payment(amount_refunded=49900)
    part["event"] = whole["event"] = "refund.processed"
    _razorpay(razorpay, part, "ev_2")
    drain()
    assert [person.status for person in posts.registrations()] == [Status.REGISTERED]
    _razorpay(razorpay, whole, "ev_3")
    drain()
    assert [person.status for person in posts.registrations()] == [Status.CANCELLED]


@pytest.mark.parametrize("odd", [{"notes": []}, {"notes": None}, {"order_id": None}, {"contact": 919812345678}])
def test_odd_payments_of_razorpay_are_taken(razorpay: str, odd: dict[str, Any]) -> None:
    assert _razorpay(razorpay, payment(**odd)).status_code == 200
    drain()
    assert len(posts.registrations()) == 1


@pytest.mark.parametrize("signature", ["", "00", "é", "\x00", "g" * 64])
def test_a_wrong_signature_of_razorpay_is_refused(razorpay: str, signature: str) -> None:
    assert post(razorpay, payment(), {"X-Razorpay-Signature": signature}).status_code == 401
    assert not Delivery.objects.exists()


# --- Standard Webhooks ----------------------------------------------------------------------------------------------


def _signed(path: str, body: dict[str, Any], **wishes: Any) -> Any:
    raw = json.dumps(body).encode()
    return post(path, raw, posts.standard_headers(raw, **wishes))


def test_a_signed_order_is_taken_once(signed: str) -> None:
    for _ in range(2):
        assert _signed(signed, signed_order()).status_code == 200
    drain()
    [order], [person] = posts.orders(), posts.registrations()
    assert (order.external_id, order.amount, person.full_phone) == ("s1", Decimal("499.00"), "+919812345678")


def test_two_secrets_stand_side_by_side_while_one_is_changed(
    signed: str, organization: Organization, settings: Any
) -> None:
    settings.ORDER_SIGNING_SECRETS = {organization.pk: {"signed": ["whsec_bmV3IG9uZSBvZiB0aGVtLi4u", SECRET]}}
    assert _signed(signed, signed_order()).status_code == 200
    assert _signed(signed, signed_order(), secret="whsec_bmV3IG9uZSBvZiB0aGVtLi4u").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook-signature": "v1,AAAA"}, {"webhook-signature": "é"}, {"webhook-signature": ",,,"},
        {"webhook-id": "other"}, {"webhook-timestamp": "soon"}, {"webhook-timestamp": "1700000000"},
        {"webhook-timestamp": "nan"}, {"webhook-id": ""}, {"webhook-signature": "v1," + "A" * 9000},
    ],
)  # fmt: skip
def test_a_wrong_signature_is_refused(signed: str, wrong: dict[str, str]) -> None:
    raw = json.dumps(signed_order()).encode()
    assert post(signed, raw, {**posts.standard_headers(raw), **wrong}).status_code == 401
    assert not Delivery.objects.exists()


def test_without_a_secret_nothing_signed_is_believed(signed: str, razorpay: str, settings: Any) -> None:
    settings.ORDER_SIGNING_SECRETS = {}
    assert _signed(signed, signed_order()).status_code == 401
    assert _razorpay(razorpay, payment()).status_code == 401


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({"tagmango": ["x"]}, "signs nothing"), ({"razorpay": "x"}, "a list"), ({"razorpay": [""]}, "a list"),
        ({"signed": ["whsec_é"]}, "base64"), ({"signed": [SECRET], "razorpay": ["x"]}, ""),
    ],
)  # fmt: skip
def test_the_deploy_check_names_signing_secrets_that_cannot_be(settings: Any, secrets: Any, said: str) -> None:
    settings.ORDER_SIGNING_SECRETS = {"org_1": secrets}
    texts = [message.msg for message in check_environment() if message.id == "config.E007"]
    assert [said in text for text in texts] == ([True] if said else [])


def test_a_signed_order_that_is_not_complete_is_answered_and_kept(signed: str) -> None:
    answer = _signed(signed, signed_order(order_id=None, workshop_name="", phone=None, email=None))
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"data.order_id", "data.workshop_name", "data.phone"}
    assert Delivery.objects.get().status == "failed"


# --- whatever the order ---------------------------------------------------------------------------------------------


def _state(organization: Organization) -> tuple[set[Any], set[Any]]:
    with tenancy.tenant(organization.pk):
        people = Registration.objects.values_list(
            "person_key", "status", "name", "email", "phone_text", "full_phone", "registered_at",
            "workshop__starts_at",
        )  # fmt: skip
        told = Order.objects.values_list(
            "platform", "external_id", "status", "event", "registration__person_key", "occurred_at"
        )
        return set(people), set(told)


def _story(number: int, chance: random.Random) -> list[tuple[str, dict[str, Any]]]:
    """So many events of orders of people who buy, fail, buy again, renew and lapse, told in every spelling."""
    told = []
    for index in range(number * 2 // 3):
        person = chance.randrange(number // 3)
        title = ("Crypto  wealth", "crypto Wealth ")[index % 2]
        body = mango(
            orderId=f"o{index}", name=f"Person {person}", email=f"p{person % 40}@example.com",
            phone=9800000000 + person if person % 9 else f"no phone {person}",
            mangoName=f"{title} <> {4 + person % 2}TH February", customFields=(None, [], "x")[index % 3],
            orderTime=f"2026-01-{10 + index % 15:02}T12:{index % 60:02}:00Z",
        )  # fmt: skip
        told.append((COMPLETED if index % 5 else "order.created.failed", body))
        if index % 3 == 0:
            told.append(("order.created.initiated", body))
        if index % 7 == 0:
            told.append((("order.recurring.created"), {**body, "orderTime": f"2026-01-27T10:00:{index % 60:02}Z"}))
        if index % 11 == 0:
            lapsed = {name: body[name] for name in ("name", "email", "phone")}
            told.append(
                (
                    "subscription.expired",
                    {**lapsed, "mangoTitle": body["mangoName"], "lastPurchaseDate": "26 Jan 2026"},
                )
            )
    return told


def _tell(organization: Organization, told: list[tuple[str, dict[str, Any]]]) -> None:
    path = f"/webhooks/tagmango/{posts.token_of(organization, 'tagmango')}"
    for event, body in told:
        assert post(f"{path}/{event}", body).status_code == 200
    drain()
    assert not Delivery.objects.exclude(status="done").values("error")
    Delivery.objects.all().delete()  # or the inbox alone would know what is told twice


def test_orders_that_come_twice_in_random_order_end_as_one_state(organization: Organization) -> None:
    told = _story(posts.MANY, chance := random.Random(4))
    states = []
    for _ in range(2):
        chance.shuffle(told)
        _tell(organization, told)
        states.append(_state(organization))
    assert states[0] == states[1]
    assert len(posts.workshops()) == 2
    assert {person.status for person in posts.registrations()} == {Status.REGISTERED, Status.CANCELLED}


def test_whatever_order_orders_come_in_they_say_the_same() -> None:
    told = _story(posts.MANY // 5, chance := random.Random(5))
    states = []
    for organization in OrganizationFactory.create_batch(2):
        chance.shuffle(told)
        _tell(organization, told)
        states.append(_state(organization))
    assert states[0] == states[1]


# --- junk ------------------------------------------------------------------------------------------------------------

JUNK: list[Any] = [
    None, True, -1, 0, 10**40, 1e308, -0.5, "", " ", "\x00", "\ud800", "é" * 600, "9" * 300, "+", "<> 4 February",
    "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", [], [1], {}, {"a": {"b": []}},
]  # fmt: skip


def _junk(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The body with some of its values, however deep, replaced by anything."""
    changed = {name: _junk(value, chance) if isinstance(value, dict) else value for name, value in body.items()}
    for name in chance.sample(sorted(changed), k=min(3, len(changed))):
        changed[name] = chance.choice(JUNK)
    return changed


def test_no_body_makes_a_handler_fail(tagmango: str, relay: str, razorpay: str, organization: Organization) -> None:
    chance = random.Random(8)
    for number in range(20):
        assert post(f"{tagmango}/{COMPLETED}", _junk(mango(orderId=f"j{number}"), chance)).status_code == 200
        assert post(f"{tagmango}/subscription.expired", _junk(EXPIRED, chance)).status_code == 200
        assert post(relay, _junk(relayed(), chance)).status_code in (200, 400)
        assert _razorpay(razorpay, _junk(payment(), chance), f"ev_{number}").status_code in (200, 400)
    drain()
    failed = Delivery.objects.exclude(status__in=["done", "ignored"]).exclude(error__contains="This ")
    assert not failed.values_list("source", "error", "payload")
