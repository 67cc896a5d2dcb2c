"""Reconciles in the admin: the health of the mirror, and the buttons."""

from typing import Any

import pytest
from django.utils import timezone

from common.tests import admin_pages
from common.tests.admin_pages import press, staff, superuser, text_of, url
from organizations.models import Organization, ReconcileRun
from organizations.tests.factories import MembershipFactory, OrganizationFactory
from webhooks.models import RefusedCount

pytestmark = pytest.mark.django_db


def make(**facts: Any) -> ReconcileRun:
    number = ReconcileRun.objects.count()
    given = {"scope": f"org_{number}", "requested_by": "beat", "status": "done", **facts}
    return ReconcileRun.objects.create(**given)


def test_a_list_costs_the_same_with_30_rows_as_with_3() -> None:
    admin_pages.check_list(ReconcileRun, make)


def test_a_row_has_its_page_with_what_differed() -> None:
    totals = {"organizations": [3, 1204], "people": []}
    run = make(
        totals=totals, found={"membership_gone": 1200}, examples={"membership_gone": ["org_1 <b>user_1</b> orgmem_1"]}
    )
    admin_pages.check_row(run)
    page = superuser().get(url(ReconcileRun, "change", run.pk))
    assert "1,200 of: membership ended at Clerk org_1 <b>user_1</b>" in text_of(page).replace("&lt;", "<")
    assert "At Clerk there are 1,204 organizations" in text_of(page)
    assert "<b>user_1" not in page.content.decode()


def test_rights_are_respected() -> None:
    admin_pages.check_rights(ReconcileRun)
    viewer = staff("view_reconcilerun")
    assert viewer.get(url(ReconcileRun, "start")).status_code == 403
    assert "Reconcile now" not in text_of(viewer.get(url(ReconcileRun, "changelist")))


@pytest.mark.parametrize(("number", "said"), [(1, "1 webhook was refused"), (1200, "1,200 webhooks were refused")])
def test_the_list_counts_in_plain_words(number: int, said: str) -> None:
    RefusedCount.objects.create(day=timezone.now().date(), source="clerk", reason="wrong_signature", number=number)
    assert said in text_of(superuser().get(url(ReconcileRun, "changelist")))


def test_the_list_says_how_the_mirror_is() -> None:
    MembershipFactory.create(role="org:billing")
    make(scope="", status="suspicious", doubts=["implausible"], finished_at="2026-01-01T00:00:00Z")
    page = text_of(superuser().get(url(ReconcileRun, "changelist")))
    assert "roles that grant nothing are those of 1" in page
    assert "the last reconcile is suspicious" in page
    assert "1 org:billing" in page


@pytest.mark.parametrize(("button", "is_dry_run"), [("start", False), ("look", True)])
def test_a_button_asks_then_queues_a_run(button: str, is_dry_run: bool) -> None:
    client = superuser()
    asked = client.get(url(ReconcileRun, button))
    assert (asked.status_code, ReconcileRun.objects.count()) == (200, 0)
    page = text_of(client.post(url(ReconcileRun, button), follow=True))
    run = ReconcileRun.objects.get()
    assert (run.is_dry_run, run.scope, run.status) == (is_dry_run, "", "queued")
    assert run.requested_by.startswith("staff:")
    assert "(queued) is under way" in page.replace("(dry run, ", "(")
    client.post(url(ReconcileRun, button))
    assert ReconcileRun.objects.count() == 1


def test_implausible_removals_are_confirmed_and_others_are_not() -> None:
    run = make(scope="", status="suspicious", doubts=["implausible"])
    assert "confirmed: the run under way removes what is gone" in press(superuser(), "confirm_this", run)
    assert ReconcileRun.objects.get(status="queued").is_confirmed
    ReconcileRun.objects.filter(is_confirmed=True).update(is_confirmed=False, status="running")
    assert "the run under way" in press(superuser(), "confirm_this", run)
    assert ReconcileRun.objects.get(status="running").is_confirmed, "the one that is under way, and no second one"
    other = make(scope="org_2", status="suspicious", doubts=["total_moved"])
    assert "nothing to confirm" in press(superuser(), "confirm_this", other)


def test_one_organization_is_reconciled_from_its_page() -> None:
    organization = OrganizationFactory.create()
    assert "queued" in press(superuser(), "reconcile_this", organization)
    assert ReconcileRun.objects.get().scope == organization.pk
    assert staff("view_organization").get(url(Organization, "reconcile_this", organization.pk)).status_code == 403
