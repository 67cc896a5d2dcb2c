"""
The sandbox and the product, driven together by chance: whatever is lost, doubled, shuffled, relinked or killed, one
reconcile makes our rows equal to WhatsApp's truth.
"""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from common import tenancy
from sandbox.client import Sandbox
from sandbox.told import Truth
from webhooks import dispatch
from whatsapp import outbound, services
from whatsapp.models import Group, GroupMember, MembershipEvent, Session, SyncRun
from whatsapp.tests.factories import GroupFactory, SessionFactory

PATH = "/webhooks/whatsapp/main"
PHONE = "919800000001"
EXAMPLES = 500 if os.environ.get("ROLLCALL_TEST_FULL") else 50
_few = st.integers(1, 4)


class Convergence(RuleBasedStateMachine):
    """One group, one number that may be relinked, a second number that sees no phones, and whatever may go wrong."""

    sandbox: Sandbox

    @initialize()
    def begin(self) -> None:
        """A group with some people, known to us and synced once."""
        self.sandbox.reset()
        self.sandbox.webhooks.configure(url=f"http://127.0.0.1:9{PATH}", holds=True)
        self.posts: list[Any] = []
        played = self.sandbox.add_session(phone_number=PHONE)
        self.jid = self.sandbox.add_community(played.session_id, "Crypto").announcement_jid
        self.sandbox.join(self.jid, 15, hidden=3)
        blind = self.sandbox.add_session(phone_number="919800000002")
        self.sandbox.put_session_in(self.jid, blind.session_id, is_admin=True)
        self.sandbox.change_session(blind.session_id, sees_phones=False)
        self.session = SessionFactory.create(gateway_session_id=played.session_id, full_phone=f"+{PHONE}")
        organization = self.session.organization
        SessionFactory.create(
            organization=organization, gateway_session_id=blind.session_id, full_phone="+919800000002"
        )
        self.group: Group = GroupFactory.create(session=self.session, group_jid=self.jid, kind="announcement")
        self.sandbox.webhooks.drop()
        self._sync()

    @rule(count=_few, hidden=st.booleans())
    def join(self, count: int, hidden: bool) -> None:
        self.sandbox.join(self.jid, count, hidden=count if hidden else 0)

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if lids := self._some_members(data):
            self.sandbox.leave_people(self.jid, lids)

    @rule(data=st.data())
    def rejoin(self, data: st.DataObject) -> None:
        truth = self._truth()
        gone = sorted({change.person.lid for change in truth.history} - truth.lids)
        if gone:
            self.sandbox.join_people(self.jid, [{"lid": data.draw(st.sampled_from(gone))}])

    @rule(data=st.data(), up=st.booleans())
    def rank(self, data: st.DataObject, up: bool) -> None:
        if lids := self._some_members(data):
            (self.sandbox.promote if up else self.sandbox.demote)(self.jid, lids)

    @rule(data=st.data())
    def reveal(self, data: st.DataObject) -> None:
        if lids := self._some_members(data):
            self.sandbox.reveal(self.jid, lids)

    @rule(data=st.data(), twice=st.booleans())
    def deliver_some(self, data: st.DataObject, twice: bool) -> None:
        """What waits arrives in any order; some of it later, some of it twice."""
        self.posts += self.sandbox.webhooks.take()
        shuffled = data.draw(st.permutations(self.posts)) if self.posts else []
        number = data.draw(st.integers(0, len(shuffled)))
        for post in shuffled[:number] * (2 if twice else 1):
            self._deliver(post)
        self.posts = shuffled[number:]
        dispatch.drain(source="whatsapp")

    @rule(data=st.data())
    def lose_some(self, data: st.DataObject) -> None:
        self.posts += self.sandbox.webhooks.take()
        self.posts = [post for post in self.posts if data.draw(st.booleans())]

    @rule()
    def sync(self) -> None:
        self._sync()

    @rule()
    def sync_with_an_old_list(self) -> None:
        self.sandbox.add_fault("participants", "stale_list", seconds=0)
        self._sync()
        self.sandbox.clear_faults()

    @rule()
    def a_worker_dies_in_the_middle_of_a_sync(self) -> None:
        with tenancy.system():
            run = services.request_sync(group=self.group, requested_by="test")
            services.claim_run(run_id=run.pk, attempt=run.attempt)
            SyncRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        self._sync()

    @rule()
    def a_worker_dies_before_it_drains(self) -> None:
        for post in self.sandbox.webhooks.take():
            self._deliver(post)

    @precondition(lambda self: self.session is not None)
    @rule()
    def relink(self) -> None:
        """The number is linked anew: another session at the gateway and with us."""
        self.sandbox.change_session(self.session.gateway_session_id, status="logged_out")
        played = self.sandbox.add_session(phone_number=PHONE)
        self.session = SessionFactory.create(
            organization=self.session.organization, gateway_session_id=played.session_id, full_phone=None,
            status=Session.Status.CONNECTING,
        )  # fmt: skip
        outbound.poll_session(session_id=self.session.pk, organization_id=self.session.organization_id)

    def teardown(self) -> None:
        """One reconcile, and everything is equal."""
        if not hasattr(self, "group"):
            return
        self.sandbox.clear_faults()
        dispatch.drain(source="whatsapp")
        self._sync()
        truth = self._truth()
        with tenancy.system():
            members = {member.lid: member for member in self.group.members.all()}
            events = list(MembershipEvent.objects.filter(group=self.group).order_by("occurred_at", "created_at"))
        self._check_members(truth, members)
        self._check_history(truth, members, events)

    def _check_members(self, truth: Truth, members: dict[str | None, GroupMember]) -> None:
        active = {lid for lid, member in members.items() if member.status == "active"}
        assert active == truth.lids
        for told in truth.members:
            member = members[told.person.lid]
            assert member.is_admin == told.is_admin, told
            if not told.person.is_hidden:
                assert member.full_phone == f"+{told.person.phone}"
        assert set(members) <= {change.person.lid for change in truth.history}

    def _check_history(
        self, truth: Truth, members: dict[str | None, GroupMember], events: list[MembershipEvent]
    ) -> None:
        """Every event we tell of happened; nothing is told twice in a row; the last one is how it is now."""
        happened = {(change.person.lid, change.action, _moment(change.at)) for change in truth.history}
        lids = {member.pk: lid for lid, member in members.items()}
        last: dict[tuple[str | None, bool], str] = {}
        for event in events:
            lid, is_rank = lids[event.member_id], event.action in ("promote", "demote")
            if event.source == MembershipEvent.Source.EVENT:
                assert (lid, event.action, event.stamp) in happened, event
            assert last.get((lid, is_rank)) != event.action, (lid, event.action, events)
            last[lid, is_rank] = event.action
        for (lid, is_rank), action in last.items():
            if not is_rank:
                assert (members[lid].status == "active") == (action == "join"), (lid, action)

    def _truth(self) -> Truth:
        return self.sandbox.truth(self.jid)

    def _some_members(self, data: st.DataObject) -> list[str]:
        own = {session.lid for session in self.sandbox.sessions()}
        others = sorted(self._truth().lids - own)
        return data.draw(st.lists(st.sampled_from(others), min_size=1, max_size=3, unique=True)) if others else []

    def _deliver(self, post: Any) -> None:
        headers = {name: value for name, value in post.headers.items() if name.lower() not in ("content-type",)}
        answer = Client().post(PATH, post.body, content_type="application/json", headers=headers)
        assert answer.status_code == 200, answer.content

    def _sync(self) -> None:
        """Sync until nothing is under way; a person confirms what is doubted."""
        with tenancy.system():
            run = services.request_sync(group=self.group, requested_by="test")
        for _ in range(6):
            outbound.sync_members(run_id=run.pk, attempt=run.attempt, organization_id=run.organization_id)
            with tenancy.system():
                SyncRun.objects.filter(group=self.group).update(not_before=None)
                run = SyncRun.objects.filter(group=self.group).order_by("-created_at")[0]
                if run.status == SyncRun.Status.SUSPICIOUS:
                    run = services.confirm_run(run=run, requested_by="test")
                elif run.status not in SyncRun.UNDER_WAY:
                    return
        raise AssertionError(f"the sync does not end: {run.status} {run.wait_reason}")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:23]).replace(tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_whatever_happens_one_reconcile_makes_our_rows_equal_to_the_truth(sandbox: Sandbox, settings: Any) -> None:
    settings.WHATSAPP_CLOCK_UNCERTAINTY = 0.0
    Convergence.sandbox = sandbox
    run_state_machine_as_test(Convergence, settings=_profile())


def _profile() -> settings:
    return settings(
        max_examples=EXAMPLES, stateful_step_count=15, deadline=None, derandomize=True, print_blob=False,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
