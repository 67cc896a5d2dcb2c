"""Silent sessions: an alarm when something should have been told, and none when nothing happened."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from common import tenancy
from webhooks.models import Alarm
from whatsapp import services, tasks
from whatsapp.client import SessionStatus
from whatsapp.models import Group, GroupSession, Session
from whatsapp.tests.factories import (
    GroupFactory,
    GroupMemberFactory,
    GroupSessionFactory,
    MembershipEventFactory,
    SessionFactory,
    SyncRunFactory,
)

pytestmark = pytest.mark.django_db


def ago(**duration: float) -> datetime:
    return timezone.now() - timedelta(**duration)


def silent_session(**facts: Any) -> Session:
    """Connected for a week, and without a word for two days."""
    session: Session = SessionFactory.create(
        **{"connection_changed_at": ago(days=7), "last_event_at": ago(days=2), **facts}
    )
    return session


def group_of(session: Session, *, is_admin: bool | None = True) -> Group:
    group: Group = GroupFactory.create(session=session)
    GroupSessionFactory.create(group=group, session=session, is_admin=is_admin)
    return group


def happened(group: Group, at: datetime, *, source: str = "event", synced_before: datetime | None = None) -> None:
    """A change that an event told, or that a snapshot found."""
    member = GroupMemberFactory.create(group=group)
    MembershipEventFactory.create(member=member, source=source, occurred_at=at, stamp=at)
    if source == "snapshot":
        SyncRunFactory.create(group=group, started_at=at, added=1)
    if synced_before:
        SyncRunFactory.create(group=group, started_at=synced_before)


def alarms() -> list[str]:
    tasks.watch()
    return list(Alarm.objects.open().values_list("key", flat=True))


def test_a_number_that_tells_nothing_while_another_one_does_raises_an_alarm_until_it_is_heard() -> None:
    session = silent_session(label="Front desk")
    happened(group_of(session), ago(hours=3))
    assert alarms() == [str(session.pk)]
    alarm = Alarm.objects.get()
    assert alarm.kind == "session_silent"
    assert alarm.organization == session.organization_id
    assert "Front desk is connected and has told nothing since" in alarm.subject
    assert "/webhooks/whatsapp/main" in alarm.detail
    with tenancy.tenant(session.organization_id):
        services.heard_from(session=session)
    assert alarms() == []


def test_changes_that_only_snapshots_found_raise_an_alarm() -> None:
    session = silent_session()
    happened(group_of(session), ago(hours=3), source="snapshot", synced_before=ago(hours=27))
    assert alarms() == [str(session.pk)]


def test_a_gateway_that_never_sent_anything_raises_an_alarm() -> None:
    session = silent_session(last_event_at=None)
    happened(group_of(session), ago(hours=3), source="snapshot", synced_before=ago(hours=27))
    assert alarms() == [str(session.pk)]


def test_quiet_groups_raise_none() -> None:
    session = silent_session()
    happened(group_of(session), ago(days=3))
    assert alarms() == []


def test_what_the_first_snapshot_after_an_absence_finds_raises_none() -> None:
    session = silent_session(connection_changed_at=ago(hours=30), last_event_at=ago(days=5))
    happened(group_of(session), ago(hours=29), source="snapshot", synced_before=ago(days=6))
    assert alarms() == []


def test_a_number_that_was_connected_a_moment_ago_raises_none() -> None:
    session = silent_session(connection_changed_at=ago(hours=2))
    happened(group_of(session), ago(hours=1))
    assert alarms() == []


def test_groups_in_which_it_is_no_admin_raise_none() -> None:
    session = silent_session()
    happened(group_of(session, is_admin=False), ago(hours=3))
    assert alarms() == []
    with tenancy.system():
        GroupSession.objects.update(is_admin=None)
    assert alarms() == [str(session.pk)]


def test_groups_of_another_number_or_organization_raise_none() -> None:
    session = silent_session()
    group_of(session)
    happened(group_of(SessionFactory.create(organization=session.organization)), ago(hours=3))
    happened(group_of(SessionFactory.create()), ago(hours=3))
    assert alarms() == []


def test_what_may_still_be_on_its_way_raises_none() -> None:
    session = silent_session()
    happened(group_of(session), ago(minutes=5))
    assert alarms() == []


def test_a_number_that_is_away_is_not_called_silent() -> None:
    session = silent_session(status="disconnected")
    happened(group_of(session), ago(hours=3))
    assert alarms() == []


def test_a_session_may_have_a_patience_of_its_own(settings: Any) -> None:
    session = silent_session(last_event_at=ago(hours=8), silence_hours=6)
    happened(group_of(session), ago(hours=3))
    assert alarms() == [str(session.pk)]
    with tenancy.system():
        Session.objects.update(silence_hours=9)
    assert alarms() == []
    settings.WHATSAPP_SILENCE_HOURS = 7
    with tenancy.system():
        Session.objects.update(silence_hours=None)
    assert alarms() == [str(session.pk)]


def _told(session: Session, status: str) -> Session:
    with tenancy.tenant(session.organization_id):
        return services.record_status(session=session, status=SessionStatus(status, None, "", None))


def test_a_session_knows_since_when_it_is_connected_or_away() -> None:
    session = SessionFactory.create(connection_changed_at=ago(days=1))
    before = session.connection_changed_at
    assert _told(session, "connected").connection_changed_at == before
    away = _told(session, "disconnected")
    assert away.connection_changed_at > ago(minutes=1)
    assert _told(session, "qr_pending").connection_changed_at == away.connection_changed_at
    assert _told(session, "connected").connection_changed_at > away.connection_changed_at


@pytest.mark.parametrize("how", ["record_disconnect", "disconnect_session"])
def test_every_way_of_losing_a_session_is_dated(how: str) -> None:
    session = SessionFactory.create(connection_changed_at=ago(days=1))
    with tenancy.tenant(session.organization_id):
        if how == "record_disconnect":
            services.record_disconnect(session=session, reason="gone")
        else:
            services.disconnect_session(session=session)
        session.refresh_from_db()
    assert not session.is_connected
    assert session.connection_changed_at > ago(minutes=1)
