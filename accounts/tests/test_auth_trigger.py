"""The trigger on a real auth.users: it never fails a sign-up, never keeps one waiting, and misses nobody."""

import os
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts import services
from accounts.models import AppUser, AuthUser, SyncFailure, SyncStatus
from accounts.services import auth_trigger, failures
from accounts.services.auth_trigger import Source
from accounts.tests import upstream
from accounts.tests.factories import AppUserFactory
from accounts.tests.upstream import Crowd, sign_up

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

SIZE = 1000 if os.environ.get("ROLLCALL_TEST_FULL") else 160
SOURCE = Source("auth")


@pytest.fixture(autouse=True)
def server() -> Iterator[psycopg.Connection]:
    """The auth server, its tables empty."""
    with upstream.made(), upstream.connect() as connected:
        yield connected


def install(action: str = "install") -> str:
    out = StringIO()
    call_command("install_auth_trigger", action, stdout=out)
    return out.getvalue()


def test_who_was_there_before_is_mirrored_and_who_comes_later_is_too(server: psycopg.Connection) -> None:
    before = sign_up(server, "ada@example.com", metadata={"full_name": "Ada"})
    assert "1 looked at, 1 mirrored" in install()
    later = sign_up(server, "bob@example.com")

    assert dict(AppUser.objects.values_list("id", "full_name")) == {before: "Ada", later: ""}
    assert set(SyncStatus.objects.values_list("state", flat=True)) == {"SYNCED"}
    assert "everybody is mirrored" in install("check")


def test_installing_again_changes_nothing(server: psycopg.Connection) -> None:
    sign_up(server, "ada@example.com")
    install()
    assert "1 looked at, 0 mirrored" in install()
    assert AppUser.objects.count() == 1


def test_check_tells_what_is_wrong(server: psycopg.Connection) -> None:
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("install_auth_trigger", "check", stdout=out)
    assert "There is no trigger on auth.users" in out.getvalue()
    install()
    server.execute("ALTER TABLE auth.users DISABLE TRIGGER USER")
    sign_up(server, "ada@example.com")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("install_auth_trigger", "check", stdout=out)
    assert "is disabled" in out.getvalue()
    assert "1 users are not mirrored" in out.getvalue()
    assert "1 mirrored" in install()
    assert "fires" in install("check")


def test_after_uninstall_sign_ups_go_on_and_nothing_is_lost(server: psycopg.Connection) -> None:
    first = sign_up(server, "ada@example.com")
    install()
    assert "off auth.users" in install("uninstall")
    server.execute("DELETE FROM auth.users WHERE id = %s", [first])
    sign_up(server, "bob@example.com")
    assert AppUser.objects.count() == 1
    install()
    assert AppUser.objects.count() == 2
    assert AppUser.objects.get(id=first).deleted_in_auth_at is not None


def test_a_table_that_hides_its_rows_or_is_not_there_is_refused(server: psycopg.Connection) -> None:
    with pytest.raises(CommandError, match=r"There is no table nowhere\.users"):
        call_command("install_auth_trigger", "--schema", "nowhere")
    server.execute("ALTER TABLE auth.users FORCE ROW LEVEL SECURITY")
    with pytest.raises(CommandError, match="Row-level security hides the rows"):
        install()


def test_an_older_server_without_some_columns_is_mirrored_too(server: psycopg.Connection) -> None:
    server.execute("ALTER TABLE auth.users DROP COLUMN is_sso_user CASCADE, DROP COLUMN deleted_at")
    server.execute("ALTER TABLE auth.users DROP COLUMN is_anonymous")
    server.execute("INSERT INTO auth.users (id, email, email_confirmed_at) VALUES (gen_random_uuid(), 'a@b.c', now())")
    install()
    assert AppUser.objects.get().email == "a@b.c"


def test_deletes_hard_and_soft_keep_the_app_user_and_say_so(server: psycopg.Connection) -> None:
    install()
    hard, soft = sign_up(server, "ada@example.com"), sign_up(server, "bob@example.com")
    server.execute("DELETE FROM auth.users WHERE id = %s", [hard])
    server.execute("UPDATE auth.users SET email = md5(email), deleted_at = now() WHERE id = %s", [soft])

    assert AppUser.objects.filter(deleted_in_auth_at__isnull=False).count() == 2
    assert set(SyncStatus.objects.values_list("state", flat=True)) == {"DELETED_IN_AUTH"}


def test_an_anonymous_user_who_signs_up_later_keeps_the_app_user(server: psycopg.Connection) -> None:
    install()
    id = sign_up(server, None, is_anonymous=True)
    assert AppUser.objects.get().email is None
    server.execute(
        "UPDATE auth.users SET is_anonymous = false, email = 'ada@example.com', email_confirmed_at = now()"
        " WHERE id = %s",
        [id],
    )
    assert list(AppUser.objects.values_list("id", "email")) == [(id, "ada@example.com")]


def test_f27_a_soft_deleted_user_never_matches_by_the_hash_of_the_email(server: psycopg.Connection) -> None:
    """Fails without `deleted_at` and "@" in `_IS_PROVEN` of accounts/models/auth_user.py."""
    install()
    id = sign_up(server, "ada@example.com")
    server.execute("UPDATE auth.users SET email = 'c2f0d1', deleted_at = now() WHERE id = %s", [id])
    server.execute("DELETE FROM app_users")
    AppUserFactory.create(id="another", email="c2f0d1")

    assert AuthUser.objects.get().email_key is None
    assert dict(SyncStatus.objects.values_list("user_id", "state")) == {
        id: "DELETED_IN_AUTH",
        "another": "ORPHAN_APP_USER",
    }


def test_a_sign_up_behind_a_long_lock_passes_at_once_and_is_repaired_by_the_sweep(server: psycopg.Connection) -> None:
    install()
    with upstream.connect() as somebody, somebody.transaction():
        somebody.execute("LOCK app_users IN ACCESS EXCLUSIVE MODE")
        id = sign_up(server, "ada@example.com")
    assert list(SyncFailure.objects.values_list("auth_id", "code")) == [(id, "55P03")]
    assert failures.sweep_failures() == 1
    assert AppUser.objects.get().id == id
    assert not SyncFailure.objects.filter(resolved_at=None).exists()


def test_a_mirror_that_was_locked_is_read_again_from_the_source(server: psycopg.Connection) -> None:
    install()
    with upstream.connect() as somebody, somebody.transaction():
        somebody.execute("LOCK auth_users IN ACCESS EXCLUSIVE MODE")
        id = sign_up(server, "ada@example.com", metadata={"full_name": "Ada"})
    assert not AuthUser.objects.exists()
    assert services.try_again(auth_id=id) == "resolved"
    assert AppUser.objects.get().full_name == "Ada"


def test_even_without_the_failures_table_a_sign_up_passes(server: psycopg.Connection) -> None:
    install()
    AppUserFactory.create(id="old", email="ada@example.com")
    with upstream.connect() as somebody, somebody.transaction():
        somebody.execute("LOCK user_sync_failures IN ACCESS EXCLUSIVE MODE")
        sign_up(server, "ada@example.com")
    assert AuthUser.objects.count() == 1


def _check_nobody_is_missing(crowd: Crowd) -> None:
    assert crowd.errors == []
    SyncFailure.objects.update(tried_at=None)
    failures.sweep_failures()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM user_sync_status WHERE state = 'MISSING_APP_USER'")
        assert cursor.fetchone()[0] == 0
    assert auth_trigger.check(SOURCE).missing == 0
    assert SyncStatus.objects.values("user_id").distinct().count() == SyncStatus.objects.count()


def test_hostile_sign_ups_beside_an_install_and_its_backfill_never_fail_or_wait(server: psycopg.Connection) -> None:
    taken = [f"taken{number}@example.com" for number in range(20)]
    for number, email in enumerate(taken):
        AppUserFactory.create(id=f"old{number}", email=email)
        sign_up(server, email)
    with Crowd(size=SIZE, taken=taken) as crowd:
        while crowd.is_busy:
            auth_trigger.install(SOURCE)
            list(auth_trigger.backfill(SOURCE))
    _check_nobody_is_missing(crowd)


def test_hostile_sign_ups_beside_fix_all_never_fail_or_wait(server: psycopg.Connection) -> None:
    install()
    taken = [f"taken{number}@example.com" for number in range(60)]
    for number, email in enumerate(taken):
        AppUserFactory.create(id=f"old{number}", email=email)
        sign_up(server, email)
    assert SyncStatus.objects.filter(state="ID_MISMATCH").count() == 60
    with Crowd(size=SIZE, taken=taken) as crowd:
        while crowd.is_busy:
            list(services.repair_all(strategy="refuse", actor="test", batch_size=20))
    list(services.repair_all(strategy="refuse", actor="test"))
    _check_nobody_is_missing(crowd)
    left: Any = SyncStatus.objects.filter(state__in=SyncStatus.AUTOMATIC)
    assert list(left) == []
