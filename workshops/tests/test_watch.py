"""Numbers that are away while something waits for them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from common import tenancy
from webhooks.models import Alarm
from whatsapp.models import Session
from whatsapp.tests.factories import GroupFactory, SessionFactory, SyncRunFactory
from workshops import tasks
from workshops.models import Community
from workshops.tests.factories import CommunityFactory

pytestmark = pytest.mark.django_db


def away(hours: float, status: str = "disconnected") -> Session:
    moment = timezone.now() - timedelta(hours=hours)
    session: Session = SessionFactory.create(
        status=status, label="Front desk", status_reason="logged out on the phone", connection_changed_at=moment
    )
    return session


def waiting_for(session: Session, *, is_requested: bool) -> Community:
    community: Community = CommunityFactory.create(organization=session.organization, status="waiting")
    with tenancy.system():
        if is_requested:
            community.session, community.requested_at = session, timezone.now()
            community.save()
        else:
            session.organization.community_session = session
            session.organization.save()
    return community


def open_alarms() -> list[tuple[str, str]]:
    tasks.watch()
    return list(Alarm.objects.open().values_list("kind", "key"))


@pytest.mark.parametrize("is_requested", [True, False])
@pytest.mark.parametrize("status", ["disconnected", "logged_out", "qr_pending"])
def test_communities_that_wait_for_a_number_that_is_away_raise_an_alarm_until_it_is_back(
    is_requested: bool, status: str
) -> None:
    session = away(2, status)
    waiting_for(session, is_requested=is_requested)
    assert open_alarms() == [("session_away", str(session.pk))]
    alarm = Alarm.objects.get()
    assert alarm.organization == session.organization_id
    assert "Front desk is not connected since" in alarm.subject
    assert "Waiting for it: 1 community. It is" in alarm.detail
    assert "logged out on the phone" in alarm.detail
    with tenancy.system():
        Session.objects.update(status="connected")
    assert open_alarms() == []


def test_a_short_absence_raises_none() -> None:
    waiting_for(away(0.5), is_requested=False)
    assert open_alarms() == []


def test_a_number_that_nothing_waits_for_may_be_away() -> None:
    away(100)
    CommunityFactory.create(status="waiting")
    assert open_alarms() == []


def test_syncs_that_wait_are_counted_too() -> None:
    session = away(2)
    group = GroupFactory.create(session=session)
    SyncRunFactory.create(group=group, status="queued", wait_reason="Not connected.")
    assert open_alarms() == [("session_away", str(session.pk))]
    assert "Waiting for it: 1 member sync. It is" in Alarm.objects.get().detail
