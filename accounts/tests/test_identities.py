"""What the provider says, in any order, and the app users that follow it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts import services, signals
from accounts.models import AppUser, AuthUser, SyncFailure
from accounts.tests.factories import AppUserFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def record(id: str = "user_1", email: str | None = "ada@example.com", **facts: Any) -> bool:
    """As a webhook's handler does."""
    usual: dict[str, Any] = {"is_email_confirmed": True, "created_at": NOON, "updated_at": NOON}
    told = services.IdentityFacts(id=id, email=email, **{**usual, **facts})
    return services.record_identities(identities=[told]) == [id]


def failures() -> list[tuple[str, str]]:
    return list(SyncFailure.objects.order_by("id").values_list("auth_id", "code"))


def test_a_new_identity_gets_its_app_user() -> None:
    assert record(full_name="Ada Lovelace", username="ada", profile_image="https://img.example.com/1", phone="+44")

    person = AppUser.objects.get()
    assert (person.id, person.email, person.username) == ("user_1", "ada@example.com", "ada")
    assert (person.full_name, person.profile_image) == ("Ada Lovelace", "https://img.example.com/1")
    assert AuthUser.objects.get().phone == "+44"
    assert failures() == []


def test_what_is_older_than_stored_is_refused() -> None:
    record(full_name="Now", updated_at=NOON)
    assert not record(full_name="Before", updated_at=NOON - HOUR)
    assert AppUser.objects.get().full_name == "Now"
    assert record(full_name="The same moment again", updated_at=NOON)
    assert record(full_name="Later", updated_at=NOON + HOUR)
    assert AppUser.objects.get().full_name == "Later"


def test_many_are_told_at_once_by_the_same_rules(django_assert_num_queries: Any) -> None:
    record("user_newer", "new@example.com", full_name="Now", updated_at=NOON + HOUR)
    services.forget_identity(id="user_gone", at=NOON)
    told = [(f"user_{n}", f"{n}@example.com", NOON) for n in range(50)]
    told += [("user_newer", "old@example.com", NOON), ("user_gone", "gone@example.com", NOON + HOUR)]
    told += [("user_7", "before@example.com", NOON - HOUR), ("user_8", "after@example.com", NOON + HOUR)]
    facts = [services.IdentityFacts(id, email, True, updated_at) for id, email, updated_at in told]
    with django_assert_num_queries(4):  # a savepoint and its end, the writing, and whose app users it wrote
        stored = services.record_identities(identities=facts)
    assert stored == [*(f"user_{n}" for n in range(50)), "user_8"]
    emails = dict(AppUser.objects.values_list("id", "email"))
    assert (len(emails), "user_gone" in emails) == (51, False)
    expected = ("7@example.com", "after@example.com", "new@example.com")
    assert (emails["user_7"], emails["user_8"], emails["user_newer"]) == expected
    assert services.record_identities(identities=[]) == []


def test_a_tombstone_wins_for_ever_and_even_before_the_create() -> None:
    services.forget_identity(id="user_1", at=NOON)
    assert not record(updated_at=NOON + HOUR)
    assert not AppUser.objects.exists()
    assert AuthUser.objects.get().deleted_at == NOON


def test_a_deleted_identity_leaves_its_app_user_and_no_personal_data_in_the_mirror() -> None:
    record(full_name="Ada")
    services.forget_identity(id="user_1", at=NOON + HOUR)
    services.forget_identity(id="user_1", at=NOON + 2 * HOUR)

    assert AppUser.objects.get().deleted_in_auth_at == NOON + HOUR
    mirrored = AuthUser.objects.get()
    assert (mirrored.email, mirrored.raw_user_meta_data, mirrored.email_key) == (None, {}, None)


def test_an_unconfirmed_email_is_nobodys_in_app_users_until_it_is_confirmed() -> None:
    record(is_email_confirmed=False)
    assert AppUser.objects.get().email is None
    record(updated_at=NOON + HOUR)
    assert AppUser.objects.get().email == "ada@example.com"


def test_f23_two_people_named_john_both_sign_up() -> None:
    """Fails without the suffixes of `user_sync_usernames` in accounts/sql/identities.sql."""
    record("user_1", "john@example.com")
    record("user_2", "john@example.org")

    first, second = AppUser.objects.order_by("id").values_list("username", flat=True)
    assert first == "john"
    assert second is not None
    assert second.startswith("john-")
    assert failures() == []


def test_f24_a_sign_up_whose_email_an_older_row_holds_passes_and_is_reported() -> None:
    """Fails without `IF claim = 'held'` in `user_sync_create`: the unique e-mail would be met."""
    AppUserFactory.create(id="old_id", email="Ada@example.com")
    assert record("user_1", "ada@example.com")

    assert failures() == [("user_1", "email_held")]
    assert list(AppUser.objects.values_list("id", flat=True)) == ["old_id"]
    assert AuthUser.objects.filter(id="user_1").exists()


def test_the_email_of_a_deleted_account_is_not_inherited_but_its_new_owner_gets_in() -> None:
    record("user_1")
    services.forget_identity(id="user_1", at=NOON + HOUR)
    record("user_2", updated_at=NOON + 2 * HOUR)

    assert AppUser.objects.get(id="user_2").email is None
    assert failures() == [("user_2", "email_of_deleted")]


def test_two_living_identities_may_share_an_email_which_the_first_one_keeps() -> None:
    record("user_1")
    record("user_2")
    assert list(AppUser.objects.order_by("id").values_list("id", "email")) == [
        ("user_1", "ada@example.com"),
        ("user_2", None),
    ]
    assert failures() == []


def test_a_row_that_belongs_to_somebody_else_by_its_email_is_not_overwritten() -> None:
    record("user_1", "ada@example.com")
    record("user_2", "grace@example.com")
    AppUser.objects.filter(id="user_1").update(email=None)
    AppUser.objects.filter(id="user_2").update(email="ada@example.com")
    record("user_2", "grace@example.com", full_name="Grace", updated_at=NOON + HOUR)

    assert AppUser.objects.get(id="user_2").email == "ada@example.com"
    assert failures() == [("user_2", "id_held")]


@pytest.mark.parametrize(
    "metadata", ['"text"', "[1, 2]", "null", "7", '{"full_name": {"a": 1}, "username": ["x"]}', '{"username": ""}']
)
def test_nonsense_in_metadata_stops_nobody(metadata: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth_users (id, email, email_confirmed_at, raw_user_meta_data) VALUES (%s, %s, now(), %s)",
            ["user_1", "ada@example.com", metadata],
        )
    assert AppUser.objects.get().email == "ada@example.com"


@pytest.mark.parametrize(
    "facts", [{"username": "x" * 5000}, {"full_name": "y" * 10_000}, {"email": "z" * 5000 + "@example.com"}]
)
def test_texts_of_any_length_are_stored(facts: dict[str, str]) -> None:
    assert record(**facts)
    assert AppUser.objects.count() == 1


def test_people_who_are_needed_early_are_filled_in_later() -> None:
    services.ensure_people({"user_1": {"full_name": "Ada", "email": "ada@example.com"}, "user_2": {}})
    assert list(AppUser.objects.order_by("id").values_list("id", "full_name", "email")) == [
        ("user_1", "Ada", None),
        ("user_2", "", None),
    ]
    services.ensure_people({"user_1": {"full_name": "Somebody"}, "user_2": {"full_name": "Grace"}})
    assert list(AppUser.objects.order_by("id").values_list("full_name", flat=True)) == ["Ada", "Grace"]
    record("user_1")
    assert AppUser.objects.get(id="user_1").email == "ada@example.com"


def test_nobody_is_matched_by_email_when_people_are_ensured() -> None:
    AppUserFactory.create(id="user_1", email="ada@example.com")
    services.ensure_people({"user_2": {"email": "ada@example.com"}})
    assert AppUser.objects.count() == 2


def test_changed_names_are_told_once_after_commit(django_capture_on_commit_callbacks: Any) -> None:
    told: list[list[str]] = []

    def hear(user_ids: list[str], **_: Any) -> None:
        told.append(user_ids)

    signals.profiles_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            record(full_name="Ada")
            record(full_name="Ada", updated_at=NOON + HOUR)
            services.ensure_people({"user_2": {"full_name": "Grace"}})
    finally:
        signals.profiles_changed.disconnect(hear)
    assert told == [["user_1"], ["user_2"]]
