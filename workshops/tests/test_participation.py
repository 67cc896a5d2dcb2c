"""Who registered, who is in the group, and how the two belong together."""

import csv
import io
import os
import re
import tracemalloc
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import phones, tenancy
from common.pagination import encode_cursor
from common.tests.admin_pages import staff, superuser, text_of, url
from conftest import Api
from organizations.models import Membership
from organizations.tests.factories import MembershipFactory
from whatsapp.models import GroupMember, MembershipEvent
from whatsapp.tests.factories import GroupMemberFactory, MembershipEventFactory
from workshops.models import Registration, Workshop
from workshops.services import participation
from workshops.services.participation import Bucket, People
from workshops.tests.factories import CommunityFactory, RegistrationFactory, WorkshopFactory, workshop_of

pytestmark = pytest.mark.django_db

EXAMPLES = 500 if os.environ.get("ROLLCALL_TEST_FULL") else 60
NOON = datetime(2027, 2, 4, 12, tzinfo=UTC)


@pytest.fixture
def viewer() -> Membership:
    return MembershipFactory.create(role="viewer")


@pytest.fixture
def workshop(viewer: Membership) -> Workshop:
    """With a group that nobody is in yet."""
    return workshop_of(CommunityFactory.create(organization=viewer.organization, status="ready"))


def registers(workshop: Workshop, phone: str | None, **values: Any) -> Registration:
    found: Registration = RegistrationFactory.create(workshop=workshop, full_phone=phone, **values)
    return found


def joins(workshop: Workshop, phone: str | None, **values: Any) -> GroupMember:
    found: GroupMember = GroupMemberFactory.create(
        group=workshop.community_group, full_phone=phone, phone_number=phone and phone[3:], **values
    )
    return found


def counted(workshop: Workshop) -> dict[str, int]:
    with tenancy.tenant(workshop.organization_id):
        found = participation.count_people(workshop=workshop)
    return {name: getattr(found, name) for name in [*Bucket.values, "matched", "matched_weakly"]}


def listed(workshop: Workshop, bucket: str, **wishes: str) -> list[participation.Person]:
    with tenancy.tenant(workshop.organization_id):
        return participation.list_people(People(workshop, bucket, **wishes), limit=1000).people


def test_each_bucket_has_those_who_belong_there(workshop: Workshop) -> None:
    registers(workshop, "+919800000001", name="Both")
    registers(workshop, "+919800000002", name="Missing")
    registers(workshop, "+919800000003", name="Gone")
    joins(workshop, "+919800000001")
    joins(workshop, "+919800000003", status="left")
    joins(workshop, "+919800000004")
    joins(workshop, None, lid="1@lid")
    assert counted(workshop) == {
        "registered": 3, "in_group": 3, "missing": 2, "left": 1, "unregistered": 1, "hidden": 1,
        "matched": 1, "matched_weakly": 0,
    }  # fmt: skip
    assert {person.name for person in listed(workshop, "missing")} == {"Missing", "Gone"}
    assert [person.left_at is None for person in listed(workshop, "missing", ordering="name")] == [False, True]
    assert [person.name for person in listed(workshop, "left")] == ["Gone"]
    assert [person.phone for person in listed(workshop, "unregistered")] == ["+919800000004"]
    assert [(person.phone, person.name) for person in listed(workshop, "hidden")] == [("", "")]


def test_f17_people_of_two_countries_are_never_joined_strongly(workshop: Workshop) -> None:
    """F17: with `tail` in place of `full_phone` in `GROUP BY coalesce(full_phone, …)` of `_PEOPLE`, it is strong."""
    registers(workshop, "+15551234567", name="From the US")
    joins(workshop, "+915551234567")
    (person,) = listed(workshop, "registered")
    assert (person.match, person.phone, person.group_phone) == ("weak", "+15551234567", "+915551234567")
    assert (counted(workshop)["matched"], counted(workshop)["matched_weakly"]) == (1, 1)
    joins(workshop, "+15551234567")
    (person,) = listed(workshop, "registered")
    assert (person.match, person.group_phone) == ("strong", "+15551234567")
    assert counted(workshop)["unregistered"] == 1


def test_a_phone_that_could_not_be_read_is_matched_weakly_and_shown_as_it_was_written(workshop: Workshop) -> None:
    registers(workshop, None, phone_text="wa: 98123 45678", phone_tail="9812345678", name="Anna")
    joins(workshop, "+919812345678")
    (person,) = listed(workshop, "in_group")
    assert (person.name, person.match, person.phone) == ("Anna", "weak", "wa: 98123 45678")


def test_fewer_than_ten_digits_match_nobody(workshop: Workshop) -> None:
    registers(workshop, "+4412345678", phone_tail=None)
    joins(workshop, "+412345678")
    joins(workshop, "+12345678")
    assert (counted(workshop)["matched"], counted(workshop)["unregistered"]) == (0, 2)


def test_one_registration_stands_for_one_member(workshop: Workshop) -> None:
    registers(workshop, "+919800000001")
    late = joins(workshop, "+919800000001", lid="1@lid", joined_at=NOON)
    early = joins(workshop, "+919800000001", lid="2@lid", joined_at=NOON - timedelta(hours=1))
    gone = joins(workshop, "+919800000001", lid="3@lid", joined_at=NOON - timedelta(hours=2), status="left")
    assert [person.member_id for person in listed(workshop, "registered")] == [early.pk]
    assert [person.member_id for person in listed(workshop, "unregistered")] == [late.pk]
    assert [(person.member_id, person.match) for person in listed(workshop, "left")] == [(gone.pk, "")]


def test_one_member_stands_for_one_registration(workshop: Workshop) -> None:
    for country, hour in (("+44", 2), ("+1", 1)):
        registers(workshop, f"{country}9812345678", name=country, registered_at=NOON + timedelta(hours=hour))
    joins(workshop, "+919812345678")
    assert [(person.name, person.match) for person in listed(workshop, "registered", ordering="registered_at")] == [
        ("+1", "weak"), ("+44", ""),
    ]  # fmt: skip


def test_who_left_under_their_own_phone_is_nobody_else(workshop: Workshop) -> None:
    registers(workshop, "+15551234567")
    joins(workshop, "+15551234567", status="left")
    joins(workshop, "+915551234567")
    assert (counted(workshop)["missing"], counted(workshop)["unregistered"]) == (1, 1)


def test_what_is_cancelled_or_held_counts_for_nothing(workshop: Workshop) -> None:
    registers(workshop, "+919800000001", status="cancelled")
    joins(workshop, "+919800000001")
    assert (counted(workshop)["registered"], counted(workshop)["unregistered"]) == (0, 1)


def test_a_workshop_without_a_group_or_registrations_has_empty_buckets() -> None:
    workshop = WorkshopFactory.create()
    assert set(counted(workshop).values()) == {0}
    for bucket in Bucket.values:
        assert listed(workshop, bucket) == []
    registers(workshop, "+919800000001")
    assert (counted(workshop)["registered"], counted(workshop)["missing"]) == (1, 1)


class Signup(NamedTuple):
    phone: str | None
    tail: str | None
    minute: int


class Guest(NamedTuple):
    phone: str | None
    status: str
    minute: int


PHONES = [country + digits for country in ("+91", "+1", "+44") for digits in ("9812345678", "9812345679")] + [
    "+2901234"
]
SIGNUPS = st.lists(
    st.builds(
        lambda phone, text, minute: Signup(phone, phones.tail(phone) if phone else text, minute),
        st.sampled_from([*PHONES, None]), st.sampled_from(["9812345678", "9812345679", None]), st.integers(0, 3),
    ),
    max_size=8, unique_by=lambda one: one.phone or object(),
)  # fmt: skip
GUESTS = st.lists(
    st.builds(
        Guest, st.sampled_from([*PHONES, None]), st.sampled_from(["active", "active", "left"]), st.integers(0, 3)
    ),
    max_size=12,
)


def _naive(signups: dict[UUID, Signup], guests: dict[UUID, Guest]) -> dict[UUID, tuple[UUID, str]]:
    """Who is matched with whom, in loops, as `buckets` says it in words."""
    found: dict[UUID, tuple[UUID, str]] = {}

    def place(key: UUID) -> Any:
        return guests[key].status == "left", guests[key].minute, key

    for signup, one in signups.items():
        same = sorted((key for key in guests if one.phone and guests[key].phone == one.phone), key=place)
        if same:
            found[signup] = same[0], "strong"
    taken = {guest for guest, _ in found.values()}
    left_over: dict[str, list[UUID]] = defaultdict(list)
    for signup in sorted(signups.keys() - found.keys(), key=lambda key: (signups[key].minute, key)):
        if tail := signups[signup].tail:
            left_over[tail].append(signup)
    for tail, waiting in left_over.items():
        phones = {key: guests[key].phone or "" for key in guests if key not in taken}
        free = [key for key, phone in phones.items() if len(phone) > 10 and phone[-10:] == tail]
        found |= {signup: (guest, "weak") for signup, guest in zip(waiting, sorted(free, key=place), strict=False)}
    return found


@pytest.fixture
def tables(workshop: Workshop) -> Any:
    """Puts a population into the workshop in place of the one before, and tells it by its keys."""
    group_id = workshop.community_group_id
    assert group_id is not None

    def fill(signups: list[Signup], guests: list[Guest]) -> tuple[dict[UUID, Signup], dict[UUID, Guest]]:
        own = {"organization": workshop.organization}
        rows = [
            Registration(
                workshop=workshop, full_phone=one.phone, phone_tail=one.tail, person_key=str(number),
                phone_text=one.phone or one.tail or "?", registered_at=NOON + timedelta(minutes=one.minute), **own,
            )
            for number, one in enumerate(signups)
        ]  # fmt: skip
        members = [
            GroupMember(
                group_id=group_id, lid=f"{number}@lid", full_phone=one.phone, status=one.status,
                joined_at=NOON + timedelta(minutes=one.minute), left_at=NOON if one.status == "left" else None, **own,
            )
            for number, one in enumerate(guests)
        ]  # fmt: skip
        with tenancy.tenant(workshop.organization_id):
            Registration.objects.all().delete()
            GroupMember.objects.all().delete()
            Registration.objects.bulk_create(rows)
            GroupMember.objects.bulk_create(members)
        return _by_key(rows, signups), _by_key(members, guests)

    return fill


def _by_key(rows: Iterable[Any], facts: Iterable[Any]) -> dict[UUID, Any]:
    return {row.pk: fact for row, fact in zip(rows, facts, strict=True)}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(signups=SIGNUPS, guests=GUESTS)
def test_the_buckets_are_what_a_naive_computation_says(
    workshop: Workshop, tables: Any, signups: list[Signup], guests: list[Guest]
) -> None:
    people, members = tables(signups, guests)
    matches = _naive(people, members)
    active = {key for key, guest in members.items() if guest.status == "active"}
    by_member = {member: signup for signup, (member, _) in matches.items()}
    expected = {
        "registered": set(people),
        "in_group": active,
        "missing": {key for key in people if key not in matches or matches[key][0] not in active},
        "left": members.keys() - active,
        "unregistered": {key for key in active - by_member.keys() if members[key].phone},
        "hidden": {key for key in active if not members[key].phone},
    }
    for bucket, keys in expected.items():
        found = {person.id: person for person in listed(workshop, bucket)}
        assert found.keys() == {by_member.get(key, key) for key in keys}, bucket
        assert {key: (person.member_id, person.match) for key, person in found.items() if key in people} == {
            key: matches.get(key, (None, "")) for key in found if key in people
        }
    counts = counted(workshop)
    assert {name: counts[name] for name in expected} == {name: len(keys) for name, keys in expected.items()}
    assert counts["registered"] == counts["matched"] + counts["missing"]
    assert counts["in_group"] == counts["matched"] + counts["unregistered"] + counts["hidden"]
    weak = [signup for signup, (member, strength) in matches.items() if member in active and strength == "weak"]
    assert counts["matched_weakly"] == len(weak)


def path_of(workshop: Workshop, rest: str = "") -> str:
    return f"/api/workshops/{workshop.pk}/participation{rest}"


def test_the_numbers_and_the_rates_are_told(api: Api, viewer: Membership, workshop: Workshop) -> None:
    client = api(viewer)
    assert client.get(path_of(workshop)).json()["matched_of_registered"] is None
    for number in range(4):
        registers(workshop, f"+91980000000{number}")
    for phone in ("+919800000000", "+449800000001", "+919800000008", None, "+919800000009"):
        joins(workshop, phone)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path_of(workshop)).json() == {
            "registered": 4, "in_group": 5, "missing": 2, "left": 0, "unregistered": 2, "hidden": 1, "matched": 2,
            "matched_weakly": 1, "matched_of_registered": 0.5, "in_group_of_registered": 1.25,
        }  # fmt: skip
    assert sum("workshop_group_members" in query["sql"] for query in captured.captured_queries) == 1


def test_a_bucket_is_listed_with_all_that_is_known(api: Api, viewer: Membership, workshop: Workshop) -> None:
    registers(workshop, "+919800000001", name="Anna", email="anna@example.com", registered_at=NOON)
    joins(workshop, "+919800000001", joined_at=NOON, is_admin=True)
    (row,) = api(viewer).get(path_of(workshop, "/in_group")).json()["results"]
    for key in ("id", "registration_id", "member_id"):
        assert UUID(row.pop(key))
    assert row == {
        "name": "Anna", "phone": "+919800000001", "group_phone": "+919800000001", "email": "anna@example.com",
        "registered_at": "2027-02-04T12:00:00Z", "joined_at": "2027-02-04T12:00:00Z", "left_at": None,
        "match": "strong", "is_admin": True,
    }  # fmt: skip


@pytest.mark.parametrize("ordering", ["", *participation.ORDERINGS])
@pytest.mark.parametrize("bucket", ["registered", "in_group"])
def test_pages_follow_each_other_in_any_order(
    api: Api, viewer: Membership, workshop: Workshop, bucket: str, ordering: str
) -> None:
    for number in range(7):
        registers(workshop, f"+91980000000{number}", name=f"N{number % 2}", email="", registered_at=NOON)
        if number % 3:
            joins(workshop, f"+91980000000{number}", joined_at=NOON)
    joins(workshop, None)
    client = api(viewer)
    address = path_of(workshop, f"/{bucket}?page_size=2&ordering={ordering}")
    whole = client.get(path_of(workshop, f"/{bucket}?ordering={ordering}")).json()
    rows: list[dict[str, Any]] = []
    while address:
        page = client.get(address).json()
        assert len(page["results"]) <= 2
        rows, address = rows + page["results"], page["next"]
    assert whole["next"] is None
    assert rows == whole["results"]
    assert len({row["id"] for row in rows}) == counted(workshop)[bucket]
    if name := ordering.removeprefix("-"):
        values = [row[name] or "" for row in rows]
        assert values == sorted(values, reverse=ordering.startswith("-"))


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("ann", {"Anna", "Joanna"}),
        ("ANNA@", {"Anna"}),
        ("98765", {"Anna"}),
        ("+91 (98765) 432-10", {"Anna"}),
        ("100%", {"100% sure"}),
        ("%", {"100% sure"}),
        ("_", set()),
        ("\\", {"back\\slash"}),
        ("a1", set()),
        ("+", {"Anna", "Joanna", "100% sure", "back\\slash"}),
    ],
)
def test_people_are_searched_by_name_e_mail_and_phone(
    api: Api, viewer: Membership, workshop: Workshop, search: str, names: set[str]
) -> None:
    registers(workshop, "+919876543210", name="Anna", email="anna@example.com")
    for name in ("Joanna", "100% sure", "back\\slash"):
        registers(workshop, f"+44770090000{len(name)}", name=name, email="")
    answer = api(viewer).get(path_of(workshop, "/missing"), {"search": search})
    assert {row["name"] for row in answer.json()["results"]} == names


def test_people_are_filtered_by_how_surely_they_are_matched(api: Api, viewer: Membership, workshop: Workshop) -> None:
    for phone, name in (("+919800000001", "strong"), ("+449800000002", "weak"), ("+919800000003", "none")):
        registers(workshop, phone, name=name)
    for phone in ("+919800000001", "+919800000002"):
        joins(workshop, phone)
    for match in ("strong", "weak", "none"):
        rows = api(viewer).get(path_of(workshop, f"/registered?match={match}")).json()["results"]
        assert [row["name"] for row in rows] == [match]


KEY = "5a8362e5-d479-4f49-87c6-42e6cbce9831"


@pytest.mark.parametrize(
    ("ordering", "value", "key"),
    [
        ("registered_at", "yesterday", KEY), ("registered_at", "0001-01-01T00:00:00+23:59", KEY),
        ("registered_at", "2026-01-01T00:00:00Z", "x"), ("name", "\x00", KEY), ("name", "a", ""),
    ],
)  # fmt: skip
def test_a_cursor_that_is_not_ours_is_a_400(
    api: Api, viewer: Membership, workshop: Workshop, ordering: str, value: str, key: str
) -> None:
    cursor = encode_cursor(value, key)
    answer = api(viewer).get(path_of(workshop, f"/registered?ordering={ordering}&cursor={cursor}"))
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {"cursor"})


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ("/nobody", 404), ("/nobody.csv", 404), ("/missing?ordering=salary", 400), ("/missing?match=perhaps", 400),
        ("/missing?search=%00", 400), (f"/missing?search={'x' * 101}", 400), ("/missing?page_size=0", 400),
        ("/missing?cursor=x", 400), ("/missing.csv?ordering=salary", 400), ("/timeline?days=0", 400),
        ("/timeline?days=367", 400), ("/timeline?days=x", 400),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused(
    api: Api, viewer: Membership, workshop: Workshop, rest: str, status: int
) -> None:
    answer = api(viewer).get(path_of(workshop, rest))
    assert answer.status_code == status
    assert set(answer.json()) <= {"code", "detail", "fields"}


def test_the_people_of_another_organization_s_workshop_are_a_404(api: Api, viewer: Membership) -> None:
    foreign = workshop_of(CommunityFactory.create(status="ready"))
    registers(foreign, "+919800000001")
    for rest in ("", "/timeline", *(f"/{bucket}{end}" for bucket in Bucket.values for end in ("", ".csv"))):
        assert api(viewer).get(path_of(foreign, rest)).status_code == 404, rest


def test_a_bucket_is_listed_in_as_many_queries_for_many(api: Api, viewer: Membership, workshop: Workshop) -> None:
    client = api(viewer)

    def queries(bucket: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path_of(workshop, f"/{bucket}")).status_code == 200
        return len(captured)

    few = {bucket: queries(bucket) for bucket in Bucket.values}
    for number in range(10, 40):
        registers(workshop, f"+9198000000{number}")
        joins(workshop, f"+9198000000{number}")
    assert {bucket: queries(bucket) for bucket in Bucket.values} == few


def sheet(client: Any, workshop: Workshop, rest: str = "/missing.csv", **query: str) -> list[list[str]]:
    answer = client.get(path_of(workshop, rest), query)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", "\uff1d1", '=HYPERLINK("x")']


@pytest.mark.parametrize("formula", FORMULAS)
def test_f45_a_spreadsheet_takes_no_cell_for_a_formula(
    api: Api, viewer: Membership, workshop: Workshop, formula: str
) -> None:
    """F45: without `_harmless` in `write_sheet`, a name begins with `=`."""
    registers(workshop, "+919800000001", name=formula, email=formula)
    head, row = sheet(api(viewer), workshop)
    cells = dict(zip(head, row, strict=True))
    assert (cells["Name"], cells["E-mail"], cells["Phone"]) == (f"'{formula}", f"'{formula}", "'+919800000001")


def test_f45_a_phone_as_it_was_written_is_no_formula_either(api: Api, viewer: Membership, workshop: Workshop) -> None:
    """F45: without `_harmless` in `write_sheet`, a phone begins with `=`."""
    registers(workshop, None, phone_text="=1+2", name='Anna; "the" first,\nof two')
    _, row = sheet(api(viewer), workshop)
    assert row[:2] == ['Anna; "the" first,\nof two', "'=1+2"]


def test_a_sheet_has_what_the_list_has_in_the_organization_s_zone(
    api: Api, viewer: Membership, workshop: Workshop
) -> None:
    registers(workshop, "+449800000001", name="Ünal", registered_at=NOON)
    registers(workshop, "+919800000009", name="Nobody")
    joins(workshop, "+919800000001", joined_at=NOON)
    rows = sheet(api(viewer), workshop, "/registered.csv", search="ünal")
    assert rows == [
        ["Name", "Phone", "Phone in the group", "E-mail", "Registered", "Joined", "Left", "Match", "Admin"],
        ["Ünal", "'+449800000001", "'+919800000001", rows[1][3], "2027-02-04 17:30:00", "2027-02-04 17:30:00", "",
         "weak", ""],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "name"),
    [("Crypto <> 4TH\r\nX-Evil: 1", "crypto-4th-x-evil-1"), ("योग", "workshop"), ("../../etc/passwd", "etcpasswd")],
)
def test_a_sheet_has_a_harmless_name(api: Api, viewer: Membership, workshop: Workshop, title: str, name: str) -> None:
    with tenancy.system():
        Workshop.objects.filter(pk=workshop.pk).update(title=title)
    answer = api(viewer).get(path_of(workshop, "/missing.csv"), HTTP_ACCEPT="text/csv")
    assert answer["Content-Disposition"] == f'attachment; filename="{name}-missing.csv"'
    assert answer["Content-Type"] == "text/csv; charset=utf-8"


def test_a_sheet_is_streamed_outside_of_the_request_s_context(api: Api, viewer: Membership, workshop: Workshop) -> None:
    """Without the context in `write_sheet` it would be refused, or come out empty."""
    registers(workshop, "+919800000001", name="Anna")
    answer: Any = api(viewer).get(path_of(workshop, "/missing.csv"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("rollcall_app",)
    assert b"Anna" in b"".join(answer.streaming_content)


def test_a_sheet_that_nobody_reads_to_its_end_leaves_nothing_open(workshop: Workshop) -> None:
    _register_many(workshop, 1000)
    pieces = participation.write_sheet(People(workshop, Bucket.MISSING))
    assert next(pieces).count("\r\n") == 499
    pieces.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, (SELECT count(*) FROM pg_cursors)")
        assert cursor.fetchone() == ("rollcall_app", 0)


def test_a_sheet_of_any_length_is_written_in_little_memory(workshop: Workshop) -> None:
    number = 50_000 if os.environ.get("ROLLCALL_TEST_FULL") else 10_000
    _register_many(workshop, number)
    people = People(workshop, Bucket.MISSING)
    tracemalloc.start()
    lines = sum(piece.count("\r\n") for piece in participation.write_sheet(people))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == number + 1
    assert peak < 6 * 1024 * 1024


def _register_many(workshop: Workshop, number: int) -> None:
    with tenancy.tenant(workshop.organization_id), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO registrations (id, organization_id, workshop_id, status, name, email, phone_text, full_phone,
                phone_number, phone_tail, person_key, corrected_by, registered_at, updated_at)
            SELECT gen_random_uuid(), %s, %s, 'registered', 'Person ' || n, 'person' || n || '@example.com', '',
                '+91' || 6000000000 + n, 6000000000 + n, 6000000000 + n, n, '', now(), now()
            FROM generate_series(1, %s) AS n
            """,
            [workshop.organization_id, workshop.pk, number],
        )


def happens(workshop: Workshop, action: str, at: datetime) -> MembershipEvent:
    member = joins(workshop, None)
    event: MembershipEvent = MembershipEventFactory.create(member=member, action=action, occurred_at=at)
    return event


def test_joins_and_leaves_are_told_by_the_day_of_the_organization(
    api: Api, viewer: Membership, workshop: Workshop
) -> None:
    midnight = timezone.now().replace(hour=18, minute=30, second=0, microsecond=0) - timedelta(days=3)  # 0:00 in India
    happens(workshop, "join", midnight - timedelta(seconds=1))
    for _ in range(2):
        happens(workshop, "join", midnight)
    happens(workshop, "leave", midnight + timedelta(hours=23))
    happens(workshop, "promote", midnight)
    happens(workshop, "join", midnight - timedelta(days=200))
    joins(workshop, None)
    day = (midnight + timedelta(days=1)).date()
    assert api(viewer).get(path_of(workshop, "/timeline")).json() == {
        "days": [
            {"day": (day - timedelta(days=1)).isoformat(), "joined": 1, "left": 0},
            {"day": day.isoformat(), "joined": 2, "left": 1},
        ]
    }
    assert len(api(viewer).get(path_of(workshop, "/timeline?days=366")).json()["days"]) == 3


def test_a_workshop_without_a_group_has_no_days(api: Api, viewer: Membership) -> None:
    workshop = WorkshopFactory.create(organization=viewer.organization)
    assert api(viewer).get(path_of(workshop, "/timeline")).json() == {"days": []}


def page_of(workshop: Workshop, bucket: str) -> str:
    return f"/admin/workshops/workshop/{workshop.pk}/people/{bucket}/"


def test_staff_see_the_numbers_of_a_workshop_and_go_from_each_to_its_people(workshop: Workshop) -> None:
    client = superuser()
    assert "Nobody has registered yet." in text_of(client.get(url(Workshop, "change", workshop.pk)))
    registers(workshop, "+919800000001", name="Anna", registered_at=NOON)
    registers(workshop, "+449800000002", name="Bob")
    joins(workshop, "+919800000002", is_admin=True)
    joins(workshop, None)
    page = client.get(url(Workshop, "change", workshop.pk))
    said = text_of(page)
    assert "2 Registered 2 In group 1 Missing 0 Left 0 Unregistered 1 Hidden" in said
    assert "Matched / registered: 50.0%. In group / registered: 100.0%." in said
    assert "1 matched, 1 of them only by the last ten digits of their phone." in said
    for bucket in Bucket.values:
        assert f'href="{page_of(workshop, bucket)}"' in page.content.decode()
        assert client.get(page_of(workshop, bucket)).status_code == 200
    assert "Anna +919800000001" in text_of(client.get(page_of(workshop, "missing")))
    assert "4 Feb 2027, 17:30 IST" in text_of(client.get(page_of(workshop, "missing")))
    assert "Bob (admin) +449800000002 +919800000002" in text_of(client.get(page_of(workshop, "in_group")))
    assert "Nobody. Here would be: Left." in text_of(client.get(page_of(workshop, "left")))


def test_staff_turn_pages_search_and_take_the_sheet_of_what_they_see(workshop: Workshop) -> None:
    client = superuser()
    for number in range(10, 65):
        registers(workshop, f"+9198000000{number}", name=f"Anna {number}")
    registers(workshop, "+919800000099", name="=Bob")
    first = client.get(page_of(workshop, "missing"), {"search": "anna", "ordering": "name"})
    found = re.search(r'href="(\?[^"]*cursor=[^"]*)"', first.content.decode())
    assert found, "the way to the next page"
    second = text_of(client.get(page_of(workshop, "missing") + unescape(found[1])))
    assert "Anna 59" in text_of(first)
    assert "Anna 60" not in text_of(first)
    assert "Anna 60" in second
    assert "First page" in second
    found = re.search(r'href="([^"]*\.csv[^"]*)"', first.content.decode())
    assert found, "the way to the sheet"
    answer: Any = client.get(unescape(found[1]))
    assert len(b"".join(answer.streaming_content).splitlines()) == 56
    answer = client.get(page_of(workshop, "missing").rstrip("/") + ".csv")
    assert b"\n'=Bob," in b"".join(answer.streaming_content)


def test_a_page_of_people_costs_the_same_with_30_as_with_3(workshop: Workshop) -> None:
    client = superuser()

    def queries(*numbers: int) -> int:
        for number in range(*numbers):
            registers(workshop, f"+9198000000{number}")
            joins(workshop, f"+9198000000{number}")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page_of(workshop, "registered")).status_code == 200
        return len(captured)

    queries(10, 12)
    assert queries(12, 13) == queries(13, 40) < 15


@pytest.mark.parametrize("query", ["cursor=x", "ordering=salary", "match=perhaps", f"search={'x' * 101}", "search=%00"])
def test_staff_with_an_address_that_is_not_ours_get_the_first_page(workshop: Workshop, query: str) -> None:
    answer = superuser().get(f"{page_of(workshop, 'missing')}?{query}")
    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(workshop, "missing"))


def test_the_pages_of_people_are_for_staff_who_may_see_the_workshop(workshop: Workshop) -> None:
    for address in (page_of(workshop, "missing"), page_of(workshop, "missing").rstrip("/") + ".csv"):
        assert staff("view_workshop").get(address).status_code == 200
        assert staff("view_tag").get(address).status_code == 403
        assert Client().get(address).headers["Location"].startswith("/admin/login/")
    for nowhere in ("nobody", "in-group"):
        assert superuser().get(page_of(workshop, nowhere)).status_code == 404
    workshop.pk = UUID(KEY)
    assert superuser().get(page_of(workshop, "missing")).status_code == 404
