"""Alarms: raised as often as their cause is seen, told once, closed when it is gone."""

import logging
from collections.abc import Collection
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from common import tenancy
from common.errors import DomainError
from webhooks.models import Alarm, Notice
from webhooks.services.notices import tell

log = logging.getLogger(__name__)


class AlarmClosed(DomainError):
    """It is over: nobody needs to see to it."""

    code = "alarm_closed"
    status = 409
    message = "This alarm is closed already: its cause is gone."


@dataclass(frozen=True, slots=True)
class Trouble:
    """What `raise_alarm` needs to know. `subject` is one line, `detail` says what to do."""

    kind: str
    key: str
    subject: str
    detail: str
    organization_id: str = ""


def raise_alarm(*, kind: str, key: str, subject: str, detail: str, organization_id: str = "") -> Alarm:
    """
    Open the alarm `kind` about `key`, or freshen the one that is open. People are told once, after commit.

    From any tenancy context. Whoever raises an alarm also sees to its end: `close_alarm`, or `settle_alarms`.
    """
    facts = {"subject": subject, "detail": detail, "organization": organization_id, "last_seen_at": timezone.now()}
    with tenancy.system():
        alarm, is_new = Alarm.objects.open().get_or_create(kind=kind, key=key, defaults=facts)
        if is_new:
            log.warning("alarm opened: %s: %s", kind, subject)
            tell(alarm, Notice.News.OPENED)
        else:
            Alarm.objects.filter(pk=alarm.pk).update(**facts)
    return alarm


def close_alarm(*, kind: str, key: str) -> bool:
    """The cause is gone. Answers whether an alarm was open; people are told after commit."""
    with tenancy.system():
        alarm = Alarm.objects.open().select_for_update().filter(kind=kind, key=key).first()
        if alarm is None:
            return False
        alarm.closed_at = timezone.now()
        alarm.save(update_fields=["closed_at"])
        log.warning("alarm closed: %s: %s", kind, alarm.subject)
        tell(alarm, Notice.News.CLOSED)
    return True


def settle_alarms(*, kinds: Collection[str], found: Collection[Trouble]) -> None:
    """`found` is all there is of `kinds`: an alarm for each, and those that are open without a cause are closed."""
    keys = {(trouble.kind, trouble.key) for trouble in found}
    with tenancy.system():
        for kind, key in Alarm.objects.open().filter(kind__in=kinds).values_list("kind", "key"):
            if (kind, key) not in keys:
                close_alarm(kind=kind, key=key)
        for trouble in found:
            raise_alarm(**asdict(trouble))


@transaction.atomic
def acknowledge_alarm(*, alarm: Alarm, by: str) -> Alarm:
    """Somebody knows of it and sees to it. It stays open until its cause is gone. :raises AlarmClosed: it is gone"""
    alarm = Alarm.objects.select_for_update().get(pk=alarm.pk)
    if alarm.closed_at is not None:
        raise AlarmClosed
    if alarm.acknowledged_at is None:
        alarm.acknowledged_at, alarm.acknowledged_by = timezone.now(), by
        alarm.save(update_fields=["acknowledged_at", "acknowledged_by"])
    return alarm
