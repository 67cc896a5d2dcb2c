"""What an operator has to know, as long as it is so."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.jobs import Job, JobQuerySet


class AlarmQuerySet(models.QuerySet["Alarm"]):
    """Reading alarms."""

    def open(self) -> Self:
        """Those whose cause was there when it was last looked for."""
        return self.filter(closed_at=None)


class Alarm(models.Model):
    """
    Something is wrong: `subject` says what in one line, `detail` what to do about it.

    One is open per `kind` and `key` at most. It closes by itself when its cause is gone; a person may say that they
    know of it (`acknowledged_at`). `organization` is empty for what concerns all. It has no tenant: alarms are the
    operators'.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    key = models.TextField()
    organization = models.TextField(db_column="organization_id", blank=True, db_default="")
    subject = models.TextField()
    detail = models.TextField()
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    last_seen_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.TextField(blank=True, db_default="")

    objects = AlarmQuerySet.as_manager()

    class Meta:
        db_table = "alarms"
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], condition=Q(closed_at=None), name="alarms_one_open"),
        ]

    def __str__(self) -> str:
        return self.subject


class Notice(Job):
    """
    One message about an alarm by one channel: that it has opened, or that it is over.

    A row of work: sent by a task, tried again ever later, and `failed` in the end.
    """

    class News(models.TextChoices):
        OPENED = "opened"
        CLOSED = "closed"

    class Channel(models.TextChoices):
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook"

    class Status(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="notices", db_index=False)
    news = models.TextField(choices=News)
    channel = models.TextField(choices=Channel)
    status = models.TextField(choices=Status, default=Status.QUEUED)
    error = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        db_table = "alarm_notices"
        constraints = [
            models.UniqueConstraint(fields=["alarm", "news", "channel"], name="alarm_notices_once"),
        ]
        indexes = [
            models.Index(
                fields=["run_after"], condition=Q(status__in=["queued", "sending"]), name="alarm_notices_due"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_news_display()} by {self.get_channel_display()}: {self.get_status_display()}"
