"""`/api/accounts/*`: one's own account, brought in step and shown."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts import services
from accounts.models import AppUser, AuthUser
from accounts.tests.factories import AppUserFactory
from accounts.tests.places import owner_connection
from accounts.tests.test_identities import NOON, record
from conftest import Api, issue_token

pytestmark = pytest.mark.django_db

KEY = "a-service-key"


@pytest.fixture
def service(settings: Any) -> APIClient:
    """Another server of ours."""
    settings.ACCOUNTS_SERVICE_KEY = KEY
    client = APIClient()
    client.credentials(HTTP_X_SERVICE_KEY=KEY)
    return client


def body(id: str = "user_1", email: str | None = "ada@example.com", **more: Any) -> dict[str, Any]:
    return {"userId": id, "email": email, **more}


def test_somebody_new_is_set_up_and_the_second_call_changes_nothing(api: Api) -> None:
    client = api(token=issue_token("user_1"))
    answer = client.post("/api/accounts/sync", body(metadata={"full_name": "Ada"}), format="json")
    assert answer.status_code == 200, answer.content
    assert (answer.data["success"], answer.data["data"]["action"]) == (True, "created")
    assert answer.data["data"]["user"]["full_name"] == "Ada"
    again = client.post("/api/accounts/sync", body(metadata={"full_name": "Somebody"}), format="json")
    assert again.data["data"]["action"] == "unchanged"


def test_an_email_that_only_a_browser_knows_is_not_believed(api: Api) -> None:
    api(token=issue_token("user_1")).post("/api/accounts/sync", body(metadata={"email_verified": True}), format="json")
    assert AuthUser.objects.get().email_key is None
    assert AppUser.objects.get().email is None
    record("user_1", "ada@example.org")
    assert AppUser.objects.get().email == "ada@example.org"


def test_a_browser_does_not_overwrite_what_the_provider_said(api: Api) -> None:
    record("user_1", "ada@example.com", full_name="Ada")
    AppUser.objects.all().update(full_name="")
    client = api(token=issue_token("user_1"))
    answer = client.post("/api/accounts/sync", body(email="evil@example.com"), format="json")
    assert answer.data["data"]["action"] == "updated"
    assert answer.data["data"]["user"]["email"] == "ada@example.com"


def test_nobody_syncs_somebody_else(api: Api) -> None:
    answer = api(token=issue_token("user_2")).post("/api/accounts/sync", body("user_1"), format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert not AuthUser.objects.exists()


def test_a_server_with_the_key_syncs_anybody(service: APIClient) -> None:
    answer = service.post("/api/accounts/sync", body(metadata={"email_verified": True}), format="json")
    assert answer.data["data"]["user"]["email"] == "ada@example.com"
    unverified = service.post("/api/accounts/sync", body("user_2", "bob@example.com"), format="json")
    assert unverified.data["data"]["user"]["email"] is None


@pytest.mark.parametrize(("key", "given"), [(KEY, "wrong"), ("", ""), ("", "x"), (KEY, "é")])
def test_a_wrong_key_and_a_key_that_is_not_set_open_nothing(settings: Any, key: str, given: str) -> None:
    settings.ACCOUNTS_SERVICE_KEY = key
    answer = APIClient().post("/api/accounts/sync", body(), format="json", HTTP_X_SERVICE_KEY=given)
    assert (answer.status_code, answer.json()["code"]) == (401, "service_key_wrong")


def test_without_a_token_nothing_is_answered() -> None:
    assert APIClient().post("/api/accounts/sync", body(), format="json").status_code == 401
    assert APIClient().get("/api/accounts/me").status_code == 401


@pytest.mark.parametrize(
    "nonsense",
    [
        {}, [], {"userId": ""}, {"userId": {"a": 1}, "email": None}, {"userId": "x" * 300, "email": None},
        {"userId": "user_1", "email": "no e-mail"}, {"userId": "user_1", "email": None, "metadata": []},
        {"userId": "user_1\x00", "email": None},
    ],
)  # fmt: skip
def test_nonsense_is_a_400(service: APIClient, nonsense: Any) -> None:
    assert service.post("/api/accounts/sync", nonsense, format="json").status_code == 400


def test_an_email_that_an_older_row_holds_is_a_conflict(service: APIClient) -> None:
    AppUserFactory.create(id="old", email="ada@example.com")
    answer = service.post("/api/accounts/sync", body(metadata={"email_verified": True}), format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "id_mismatch")


def test_a_deleted_account_stays_deleted(service: APIClient) -> None:
    services.forget_identity(id="user_1", at=NOON)
    answer = service.post("/api/accounts/sync", body(), format="json")
    assert (answer.status_code, answer.json()["code"]) == (410, "account_deleted")


def test_get_says_whether_the_trigger_is_there(api: Api) -> None:
    assert api().get("/api/accounts/sync").json()["success"] is True


@pytest.mark.django_db(transaction=True)
def test_get_is_a_503_without_the_trigger() -> None:
    with owner_connection() as owner:
        owner.execute("ALTER TABLE auth_users DISABLE TRIGGER user_sync_follow")
        try:
            answer = APIClient().get("/api/accounts/sync")
        finally:
            owner.execute("ALTER TABLE auth_users ENABLE TRIGGER user_sync_follow")
    assert (answer.status_code, answer.json()["code"]) == (503, "sync_unhealthy")


def test_me_with_and_without_an_app_user(api: Api) -> None:
    client = api(token=issue_token("user_1"))
    assert client.get("/api/accounts/me").json() == {
        "user": None, "state": None, "why": "Nobody has told us of this account yet.",
    }  # fmt: skip
    record("user_1", full_name="Ada")
    answer = client.get("/api/accounts/me").json()
    assert (answer["user"]["full_name"], answer["state"]) == ("Ada", "SYNCED")
