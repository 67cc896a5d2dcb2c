"""How operators are told: by e-mail, or by a POST to an address of theirs."""

import smtplib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage

from common import vendors
from common.vendors import Broken, NotSent, RetryLater, RetrySoon
from webhooks.models import Alarm, Notice

_TIMEOUT = 10.0
_PAUSE = timedelta(minutes=1)
_MAX_SUBJECT = 150


def send(notice: Notice) -> None:
    """
    Send one message by its channel.

    :raises VendorError: it did not arrive, as far as we know
    """
    {Notice.Channel.EMAIL: _send_email, Notice.Channel.WEBHOOK: _post}[Notice.Channel(notice.channel)](notice)


def _send_email(notice: Notice) -> None:
    if not settings.ALARM_EMAILS:
        raise RetrySoon("ALARM_EMAILS is empty")
    message = EmailMessage(
        subject=f"[Rollcall] {_headline(notice)}"[:_MAX_SUBJECT], body=_text(notice), to=settings.ALARM_EMAILS,
        headers={"Message-ID": f"<{_name(notice)}@rollcall>", "Auto-Submitted": "auto-generated"},
    )  # fmt: skip
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        raise RetrySoon(f"the mail server did not take it: {error}") from error


def _post(notice: Notice) -> None:
    """`Idempotency-Key` names the message, which may come twice."""
    if not settings.ALARM_WEBHOOK_URL:
        raise RetrySoon("ALARM_WEBHOOK_URL is empty")
    try:
        answer = vendors.call(
            "POST", settings.ALARM_WEBHOOK_URL, headers={"Idempotency-Key": _name(notice)}, timeout=_TIMEOUT,
            json=_facts(notice),
        )  # fmt: skip
    except (NotSent, Broken) as error:
        raise RetrySoon(str(error)) from error
    if answer.status == 429:
        raise RetryLater("too many requests", vendors.retry_after(answer, default=_PAUSE))
    if not 200 <= answer.status < 300:
        raise RetrySoon(f"the address answered {answer.status}")


def _name(notice: Notice) -> str:
    return f"rollcall-alarm-{notice.alarm_id}-{notice.news}"


def _headline(notice: Notice) -> str:
    subject = " ".join(notice.alarm.subject.split())
    return subject if notice.news == Notice.News.OPENED else f"Over: {subject}"


def _text(notice: Notice) -> str:
    alarm = notice.alarm
    times = [f"Since {_moment(alarm.opened_at)}"]
    if notice.news == Notice.News.CLOSED and alarm.closed_at:
        times.append(f"over since {_moment(alarm.closed_at)}. Nothing is left to be done")
    about = f"\nOrganization: {alarm.organization}" if alarm.organization else ""
    return f"{_headline(notice)}\n\n{alarm.detail}\n\n{', '.join(times)}.{about}\nThe admin has it under Alarms.\n"


def _facts(notice: Notice) -> dict[str, Any]:
    """`text` is what chat tools show."""
    alarm: Alarm = notice.alarm
    return {
        "text": f"{_headline(notice)}\n{alarm.detail}",
        "news": notice.news,
        "alarm_id": alarm.pk,
        "kind": alarm.kind,
        "key": alarm.key,
        "organization_id": alarm.organization,
        "subject": alarm.subject,
        "detail": alarm.detail,
        "opened_at": alarm.opened_at.isoformat(),
        "closed_at": alarm.closed_at.isoformat() if alarm.closed_at else None,
    }


def _moment(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
