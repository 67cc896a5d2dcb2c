"""
Clerk and the product, driven together by chance: whatever events are lost, doubled and shuffled, one reconcile makes
our rows equal to Clerk's, and what comes late after it changes nothing.
"""

import os
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from accounts.models import AppUser, AuthUser
from common import tenancy
from organizations import outbound, services
from organizations.models import Membership, Organization, ReconcileRun
from organizations.tests.hooks import PATH, live, names
from sandbox.client import Sandbox
from webhooks import dispatch
from webhooks.models import Delivery

EXAMPLES = 300 if os.environ.get("ROLLCALL_TEST_FULL") else 5
_ROLES = {"org:admin": "admin", "org:member": "member", "org:viewer": "viewer", "org:billing": "org:billing"}
_roles = st.sampled_from(sorted(_ROLES))
_STYLES = {
    "timestamp": ("seconds", "milliseconds"), "slug": ("given", "absent"), "roles": ("prefixed", "legacy"),
    "created_by": ("given", "absent"), "cascade": ("silent", "told"), "instance_id": ("given", "absent"),
}  # fmt: skip


class Convergence(RuleBasedStateMachine):
    """Some users in some organizations, and whatever may go wrong between Clerk and us."""

    sandbox: Sandbox

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        _forget()
        self.sandbox.reset()
        self.clerk = self.sandbox.clerk
        self.clerk.webhooks.configure(url=f"http://127.0.0.1:9{PATH}", holds=True)
        self.style = {name: data.draw(st.sampled_from(words), label=name) for name, words in _STYLES.items()}
        self.clerk.set_style(**self.style)
        self.posts: list[Any] = []
        self.lost: list[Any] = []
        self.began = True
        for _ in range(3):
            self.clerk.add_user(email=None)
        self.create(data)

    @rule(data=st.data())
    def sign_up(self, data: st.DataObject) -> None:
        number = len(self._everything().users)
        email = f"person{number}.{len(self.posts)}@example.com" if data.draw(st.booleans()) else None
        self.clerk.add_user(email=email)

    @rule(data=st.data(), name=st.sampled_from(["Ada", "Bob", "Eve"]))
    def change_a_user(self, data: st.DataObject, name: str) -> None:
        if user_id := self._one_of(data, self._everything().users):
            self.clerk.change_user(user_id, first_name=name)

    @rule(data=st.data())
    def delete_a_user(self, data: st.DataObject) -> None:
        users = self._everything().users
        if len(users) > 2 and (user_id := self._one_of(data, users)):
            self.clerk.delete_user(user_id)

    @rule(data=st.data())
    def create(self, data: st.DataObject) -> None:
        self.clerk.add_organization("Guild", created_by=self._one_of(data, self._everything().users))

    @rule(data=st.data(), name=st.sampled_from(["Guild", "Mill", "Forge"]))
    def rename(self, data: st.DataObject, name: str) -> None:
        if organization_id := self._one_of(data, self._everything().organizations):
            self.clerk.change_organization(organization_id, name=name)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if organization_id := self._one_of(data, self._everything().organizations):
            self.clerk.delete_organization(organization_id)

    @rule(data=st.data(), role=_roles)
    def enter_or_come_back(self, data: st.DataObject, role: str) -> None:
        found = self._everything()
        organization_id, user_id = self._one_of(data, found.organizations), self._one_of(data, found.users)
        if organization_id and user_id and (organization_id, user_id) not in found.memberships:
            self.clerk.add_member(organization_id, user_id, role)

    @rule(data=st.data(), role=_roles)
    def change_role(self, data: st.DataObject, role: str) -> None:
        if pair := self._one_of(data, self._everything().memberships):
            organization_id, user_id = pair
            self.clerk.change_member(organization_id, user_id, role)

    @rule(data=st.data(), comes_back=st.booleans(), role=_roles)
    def leave(self, data: st.DataObject, comes_back: bool, role: str) -> None:
        if pair := self._one_of(data, self._everything().memberships):
            organization_id, user_id = pair
            self.clerk.remove_member(organization_id, user_id)
            if comes_back:
                self.clerk.add_member(organization_id, user_id, role)

    @rule(data=st.data(), twice=st.booleans())
    def deliver_some(self, data: st.DataObject, twice: bool) -> None:
        """What waits arrives in any order; some of it later, some of it twice."""
        self.posts += self.clerk.webhooks.take()
        shuffled = data.draw(st.permutations(self.posts)) if self.posts else []
        number = data.draw(st.integers(0, len(shuffled)))
        for post in shuffled[:number] * (2 if twice else 1):
            self._deliver(post)
        self.posts = shuffled[number:]
        self._drain()

    @rule(data=st.data())
    def lose_some(self, data: st.DataObject) -> None:
        self.posts += self.clerk.webhooks.take()
        kept: list[Any] = []
        for post in self.posts:
            (kept if data.draw(st.booleans()) else self.lost).append(post)
        self.posts = kept

    @rule()
    def reconcile(self) -> None:
        self._reconcile()

    def teardown(self) -> None:
        """One reconcile, and everything is equal; it stays so when all that was lost comes after all."""
        if not hasattr(self, "began"):
            return
        self._reconcile()
        self._check()
        for post in [*self.lost, *self.posts, *self.clerk.webhooks.take(order="reversed")]:
            self._deliver(post)
        self._drain()
        self._check()
        assert not Delivery.objects.filter(status__in=["failed", "dead", "parked"]).exists()

    def _check(self) -> None:
        found = self._everything()
        assert names() == {pk: row["name"] for pk, row in found.organizations.items()}
        expected = {pair: self._role(row, found.organizations[pair[0]]) for pair, row in found.memberships.items()}
        assert live() == expected
        identities = AuthUser.objects.filter(deleted_at=None)
        assert dict(identities.values_list("pk", "email")) == {pk: row["email"] for pk, row in found.users.items()}
        people = dict(AppUser.objects.filter(pk__in=found.users).values_list("pk", "full_name"))
        assert people == {pk: f"{row['first_name']} {row['last_name']}" for pk, row in found.users.items()}

    def _role(self, membership: Any, organization: Any) -> str:
        is_creator = self.style["created_by"] == "given" and membership["user_id"] == organization["created_by"]
        role = _ROLES[membership["role"]]
        return "owner" if role == "admin" and is_creator else role

    def _reconcile(self) -> None:
        with tenancy.system():
            run = services.request_reconcile(requested_by="test", starts=False)
        outbound.reconcile(run_id=run.pk, attempt=run.attempt)
        run = ReconcileRun.objects.get(pk=run.pk)
        assert (run.status, run.doubts) == ("done", []), (run.error, run.wait_reason)

    def _everything(self) -> Any:
        return self.clerk.everything()

    def _one_of(self, data: st.DataObject, rows: Any) -> Any:
        return data.draw(st.sampled_from(sorted(rows))) if rows else None

    def _deliver(self, post: Any) -> None:
        headers = {name: value for name, value in post.headers.items() if name.lower() != "content-type"}
        answer = Client().post(PATH, post.body, content_type="application/json", headers=headers)
        assert answer.status_code == 200, answer.content

    def _drain(self) -> None:
        for _ in range(3):
            dispatch.drain(source="clerk")


@pytest.mark.django_db(transaction=True)
def test_one_reconcile_makes_our_rows_equal_to_clerks(sandbox: Sandbox) -> None:
    Convergence.sandbox = sandbox
    run_state_machine_as_test(
        Convergence,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=20, deadline=None, derandomize=True, print_blob=False,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        ),
    )  # fmt: skip


def _forget() -> None:
    """Sandboxes begin anew with the same ids, for which our tombstones stand for ever."""
    with tenancy.system():
        Membership.with_deleted.all().delete()
        Organization.with_deleted.all().delete()
        AuthUser.objects.all().delete()
        AppUser.objects.all().delete()
    Delivery.objects.all().delete()
