"""A large instance is reconciled in as many calls as it has pages, within the vendor's limits and in little memory."""

import math
import os
import tracemalloc

import pytest

from common import tenancy
from organizations.models import Membership, Organization, ReconcileRun
from organizations.tests.test_reconcile import reconcile
from sandbox.client import Sandbox

pytestmark = pytest.mark.django_db
IS_FULL = bool(os.environ.get("ROLLCALL_TEST_FULL"))
ORGANIZATIONS = 10_000 if IS_FULL else 200
MEMBERS = 20
USERS = ORGANIZATIONS
_PAGE = 500
#: Users are counted before and after, and a full last page of them is asked behind.
_BESIDES = 3
_MOST_MEGABYTES = 40


def test_a_large_instance_needs_a_call_a_page_and_little_memory(sandbox: Sandbox) -> None:
    sandbox.clerk.fill(users=USERS, organizations=ORGANIZATIONS, members=MEMBERS)
    tracemalloc.start()
    try:
        run = reconcile(seconds=3600)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    rows = (USERS, ORGANIZATIONS, ORGANIZATIONS * MEMBERS)
    assert (run.status, run.fetched) == (ReconcileRun.Status.DONE, sum(rows))
    with tenancy.system():
        assert (Organization.objects.count(), Membership.objects.count()) == rows[1:]
    made = len(sandbox.journal(service="clerk"))
    assert run.calls == made <= sum(math.ceil(number / _PAGE) for number in rows) + _BESIDES
    assert sandbox.clerk.refused() == 0
    assert peak < _MOST_MEGABYTES * 1_000_000, f"{peak / 1e6:.0f} MB"
    sandbox.reset()


def test_the_second_time_it_writes_no_row_of_the_mirror(sandbox: Sandbox) -> None:
    sandbox.clerk.fill(users=100, organizations=50, members=10)
    reconcile()
    with tenancy.system():
        before = sorted(Membership.objects.values_list("pk", "mirrored_at"))
    assert reconcile().found == {}
    with tenancy.system():
        assert sorted(Membership.objects.values_list("pk", "mirrored_at")) == before
    sandbox.reset()
