"""With real processes: gunicorn, Celery workers, beat, and a Redis that goes away."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from common import tenancy
from common.tests.processes import Product, running_product, wait_until
from conftest import issue_token
from organizations.models import Membership, Organization
from organizations.tests.factories import MembershipFactory
from sandbox.client import Sandbox
from whatsapp.models import GroupMember, Session, SyncRun
from whatsapp.tests.factories import SessionFactory
from workshops.models import Community

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]


@pytest.fixture
def member(sandbox: Sandbox) -> Membership:
    """A member of an organization whose chosen number is connected."""
    membership = MembershipFactory.create(role="member")
    played = sandbox.add_session(phone_number="919800000001")
    session = SessionFactory.create(
        organization=membership.organization, gateway_session_id=played.session_id, full_phone="+919800000001"
    )
    with tenancy.system():
        Organization.objects.update(community_session=session)
    return membership


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with running_product(tmp_path) as product:
        yield product


class Caller:
    """The API over HTTP as a member uses it."""

    def __init__(self, product: Product, member: Membership) -> None:
        self._base = f"{product.web}/api"
        token = issue_token(member.user_id, org_id=member.organization_id)
        self._headers = {"Authorization": f"Bearer {token}"}

    def post(self, path: str, body: Any = None) -> requests.Response:
        return requests.post(f"{self._base}{path}", json=body, headers=self._headers, timeout=30)

    def get(self, path: str) -> Any:
        return requests.get(f"{self._base}{path}", headers=self._headers, timeout=30).json()

    def create_workshop(self) -> str:
        answer = self.post("/workshops", {"title": "Masterclass", "starts_at": "2027-02-04T19:00:00+05:30"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def community_is(self, workshop_id: str, status: str) -> bool:
        return bool(self.get(f"/workshops/{workshop_id}/community")["status"] == status)


def test_f03_what_a_finished_sync_says_is_what_the_api_shows(
    product: Product, sandbox: Sandbox, member: Membership
) -> None:
    """Fails if `apply_snapshot` ends the run outside the transaction that writes the members."""
    product.start_redis()
    product.start_web()
    product.start_worker()
    caller = Caller(product, member)
    workshop_id = caller.create_workshop()
    wait_until(lambda: caller.community_is(workshop_id, "ready"), "the community")
    sandbox.join(next(group.jid for group in sandbox.groups() if group.kind == "announcement"), 283)
    run = caller.post(f"/workshops/{workshop_id}/sync").json()
    wait_until(lambda: caller.get(f"/sync-runs/{run['id']}")["finished_at"], "the sync")
    done = caller.get(f"/sync-runs/{run['id']}")
    assert (done["status"], done["fetched"], done["added"]) == ("done", 284, 284)
    assert caller.get(f"/workshops/{workshop_id}")["member_count"] == 284


def test_f41_without_redis_a_workshop_is_created_at_once_and_its_community_comes_when_redis_is_back(
    product: Product, sandbox: Sandbox, member: Membership
) -> None:
    """Fails without the sweep: nothing else knows of a job whose broker was away at commit."""
    product.start_redis()
    product.start_web()
    product.start_worker()
    product.start_beat()
    caller = Caller(product, member)
    product.kill("redis")
    before = time.monotonic()
    workshop_id = caller.create_workshop()
    assert time.monotonic() - before < 10
    assert caller.community_is(workshop_id, "queued")
    product.start_redis()
    wait_until(lambda: caller.community_is(workshop_id, "ready"), "the community", seconds=60)
    assert len(sandbox.journal(operation="create_community")) == 1


def test_f42_a_worker_killed_in_the_middle_of_a_creation_leaves_one_community(
    product: Product, sandbox: Sandbox, member: Membership
) -> None:
    """Fails without the lease: the row would stay `creating` for ever."""
    product.start_redis()
    product.start_web()
    product.start_worker()
    product.start_beat()
    caller = Caller(product, member)
    sandbox.add_fault("create_community", "timeout_after_commit", seconds=30)
    workshop_id = caller.create_workshop()
    wait_until(lambda: sandbox.journal(operation="create_community"), "the request")
    product.kill("worker")
    with tenancy.system():
        assert Community.objects.get().status == "creating"
        Community.objects.update(lease_until="2020-01-01T00:00:00Z")
    product.start_worker()
    wait_until(lambda: caller.community_is(workshop_id, "ready"), "the community", seconds=60)
    assert len(sandbox.journal(operation="create_community")) == 1


def test_f42_a_worker_killed_in_the_middle_of_a_sync_leaves_nothing_half_written(
    product: Product, sandbox: Sandbox, member: Membership
) -> None:
    """Fails without the lease: the run would stay `running` and block every later one."""
    product.start_redis()
    product.start_web()
    product.start_worker()
    product.start_beat()
    caller = Caller(product, member)
    workshop_id = caller.create_workshop()
    wait_until(lambda: caller.community_is(workshop_id, "ready"), "the community")
    sandbox.join(next(group.jid for group in sandbox.groups() if group.kind == "announcement"), 99)
    sandbox.add_fault("participants", "delay", seconds=30)
    run = caller.post(f"/workshops/{workshop_id}/sync").json()
    wait_until(lambda: sandbox.journal(operation="participants"), "the request")
    product.kill("worker")
    with tenancy.system():
        assert not GroupMember.objects.exists()
        SyncRun.objects.update(lease_until="2020-01-01T00:00:00Z")
    product.start_worker()
    wait_until(lambda: caller.get(f"/sync-runs/{run['id']}")["status"] == "done", "the sync", seconds=60)
    with tenancy.system():
        assert GroupMember.objects.filter(status="active").count() == 100


def test_a_number_is_connected_over_the_api(product: Product, sandbox: Sandbox, member: Membership) -> None:
    product.start_redis()
    product.start_web()
    product.start_worker()
    product.start_beat()
    admin = MembershipFactory.create(organization=member.organization, role="admin")
    caller = Caller(product, admin)
    created = caller.post("/sessions", {"label": "Front desk"}).json()
    path = f"/sessions/{created['id']}"
    wait_until(lambda: caller.get(path)["qr_code"], "the QR code")
    with tenancy.system():
        gateway_id = Session.objects.get(pk=created["id"]).gateway_session_id
    sandbox.change_session(gateway_id, status="connected", phone_number="919812300000")
    wait_until(lambda: caller.get(path)["status"] == "connected", "the connection")
    shown = caller.get(path)
    assert (shown["full_phone"], shown["qr_code"]) == ("+919812300000", "")
    assert caller.post(f"{path}/choose").json()["is_community_session"] is True
