"""A company's token in the wrong hands ends, however it got there."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from stream_chat.base.exceptions import StreamAPIException

from accounts.services import erase_person
from chat import outbound, services, tasks
from chat.models import CompanyToken
from chat.tests.conftest import Scene
from chat.tests.factories import identity, new_member, sdk, stream_id
from common import tenancy
from common.tests.processes import wait_until
from organizations.models import Membership
from organizations.services import delete_organization
from organizations.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db

TOKEN = "/api/chat/token"


def token_of(scene: Scene, member: Membership | None = None, *, wish: str = "company") -> str:
    answer = scene.post(TOKEN, {"as": wish}, member)
    assert answer.status_code == 201, answer.data
    return str(answer.data["token"])


def opens(token: str) -> bool:
    """Whether Stream takes it."""
    browser = sdk()
    browser.auth_token = token
    try:
        browser.query_users({"id": "somebody"})
    except StreamAPIException as error:
        if error.status_code != 401:
            raise
        return False
    return True


def change(member: Membership, **facts: Any) -> None:
    with tenancy.system():
        Membership.objects.filter(pk=member.pk).update(**facts)


def _end(member: Membership) -> None:
    with tenancy.system():
        Membership.with_deleted.filter(pk=member.pk).entomb()


def _end_the_company(member: Membership) -> None:
    with tenancy.system():
        delete_organization(organization_id=member.organization_id)


def _erase(member: Membership) -> None:
    erase_person(id=member.user_id, actor="test", is_dry_run=False)


LOSSES: dict[str, Callable[[Membership], None]] = {
    "membership-ended": _end,
    "made-a-viewer": lambda member: change(member, role="viewer"),
    "role-unknown": lambda member: change(member, role="org:guest"),
    "company-deleted": _end_the_company,
    "erased": _erase,
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_whoever_may_no_longer_speak_for_a_company_has_no_token_of_it(
    scene: Scene, lose: Callable[[Membership], None]
) -> None:
    """Fails without `outbound.revoke_tokens` in `tasks.sweep`."""
    token = token_of(scene)
    tasks.sweep()
    assert opens(token)
    lose(scene.member)
    tasks.sweep()
    assert not opens(token)
    scene.sandbox.clear_journal()
    tasks.sweep()
    assert scene.calls() == [], "once is enough"


def test_a_profile_pushed_later_does_not_bring_a_token_back(scene: Scene) -> None:
    """Fails without `identity__pushed_at__gt` in `CompanyTokenQuerySet.lost`."""
    scene.sandbox.stream.set_style(upsert_after_revocation="forgets")
    token = token_of(scene)
    _end(scene.member)
    tasks.sweep()
    services.push_again(identity=identity(scene.company))
    assert outbound.push_profiles() == 1
    assert opens(token)
    tasks.sweep()
    assert not opens(token)


def test_colleagues_get_another_token_and_other_companies_keep_theirs(scene: Scene) -> None:
    colleague = MembershipFactory.create(organization=scene.company, role="member")
    other = token_of(scene, new_member())
    token_of(scene)
    old = token_of(scene, colleague)
    change(scene.member, role="viewer")
    tasks.sweep()
    assert (opens(old), opens(other)) == (False, True)
    wait_until(lambda: opens(token_of(scene, colleague)), "a token issued after the revocation")


def test_a_person_s_own_token_is_theirs(scene: Scene) -> None:
    token = token_of(scene, wish="user")
    _end(scene.member)
    tasks.sweep()
    assert opens(token)
    assert not CompanyToken.objects.exists()


@pytest.mark.parametrize("kind", ["error", "drop_after_commit", "rate_limited_plain"])
def test_what_stream_did_not_do_the_next_sweep_does(scene: Scene, kind: str) -> None:
    """Fails if `services.tokens_revoked` is called whatever Stream says."""
    token = token_of(scene)
    _end(scene.member)
    scene.fault("update_users_partial", kind)
    tasks.sweep()
    assert CompanyToken.objects.get().revoked_at is None
    tasks.sweep()
    assert not opens(token)
    assert CompanyToken.objects.get().revoked_at is not None


def test_while_stream_is_away_a_sweep_asks_once(scene: Scene) -> None:
    for member in (scene.member, new_member(), new_member()):
        token_of(scene, member)
        _end(member)
    scene.fault("update_users_partial", "reset", times=None)
    tasks.sweep()
    assert len(scene.calls("update_users_partial")) == 1


def test_one_company_whose_tokens_cannot_end_keeps_no_other_back(scene: Scene) -> None:
    other = new_member()
    tokens = [token_of(scene), token_of(scene, other)]
    sdk().deactivate_user(stream_id(scene.company))
    _end(scene.member)
    _end(other)
    tasks.sweep()
    assert CompanyToken.objects.get(revoked_at=None).identity_id == identity(scene.company).pk, "it may come back"
    sdk().reactivate_user(stream_id(scene.company))
    tasks.sweep()
    assert [opens(token) for token in tokens] == [False, False]


def test_of_a_company_that_stream_has_no_more_nothing_is_asked_again(scene: Scene) -> None:
    token_of(scene)
    sdk().delete_user(stream_id(scene.company))
    _end(scene.member)
    tasks.sweep()
    scene.sandbox.clear_journal()
    tasks.sweep()
    assert scene.calls() == []


def test_tokens_that_ended_by_themselves_are_forgotten(scene: Scene) -> None:
    token_of(scene)
    CompanyToken.objects.update(expires_at="2026-01-01T00:00:00Z")
    _end(scene.member)
    scene.sandbox.clear_journal()
    tasks.sweep()
    assert scene.calls() == []
    assert not CompanyToken.objects.exists()


def test_looking_costs_the_same_with_many_tokens(scene: Scene) -> None:
    token_of(scene)
    few = _queries()
    for _ in range(5):
        token_of(scene, MembershipFactory.create(organization=scene.company, role="member"))
    assert _queries() == few


def _queries() -> int:
    with CaptureQueriesContext(connection) as asked:
        assert services.lost_tokens() == {}
    return len(asked)
