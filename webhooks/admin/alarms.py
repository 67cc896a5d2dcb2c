"""Alarms in the admin: what is wrong, since when, what to do, and who knows of it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import AllValuesFieldListFilter, SimpleListFilter
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin

from common.admin import ActionsMixin, BigListMixin, ReadOnlyMixin, action, actor, badge, wide
from common.admin.actions import Deed
from webhooks import services
from webhooks.models import Alarm, Notice


class StateFilter(SimpleListFilter):
    """Open, and whether somebody knows of it; or over."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """In words."""
        return [("open", "Open"), ("new", "Open, acknowledged by nobody"), ("closed", "Closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alarm]) -> QuerySet[Alarm]:
        """In that state."""
        if self.value() == "closed":
            return queryset.filter(closed_at__isnull=False)
        if self.value() == "new":
            return queryset.filter(closed_at=None, acknowledged_at=None)
        return queryset.filter(closed_at=None) if self.value() else queryset


def _acknowledge_deed(request: HttpRequest) -> Deed:
    def acknowledge(alarm: Alarm) -> None:
        services.acknowledge_alarm(alarm=alarm, by=actor(request))

    return Deed(
        act=acknowledge,
        done="acknowledged. It closes by itself when its cause is gone.",
        question="Do you see to it? The others will know. The alarm closes by itself when its cause is gone.",
        button="Acknowledge",
    )


def _send_again(alarm: Alarm) -> None:
    services.send_again(alarm=alarm)


SEND_AGAIN = Deed(
    act=_send_again,
    done="told again: the messages that were given up are on their way.",
    question="Send the messages about this alarm again that were given up? Those that have arrived are not repeated.",
    button="Send again",
)


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyMixin, ActionsMixin, BigListMixin, ModelAdmin):
    """
    What is wrong: first what nobody has acknowledged, then what else is open.

    The product alone writes them; a person may say that they see to it.
    """

    list_display = ["state", "subject", "what_to_do", "organization", "opened_at", "last_seen_at", "closed_at"]
    list_display_links = ["subject"]
    list_filter = [StateFilter, ("kind", AllValuesFieldListFilter)]
    list_filter_submit = True
    search_fields = ["subject", "organization__exact"]
    search_help_text = "Part of a subject, or an organization's whole id"
    ordering = [
        F("closed_at").desc(nulls_first=True), F("acknowledged_at").asc(nulls_first=True), "-opened_at", "-id",
    ]  # fmt: skip
    sortable_by: list[str] = []
    fieldsets = [
        (None, {"fields": ["state", "subject", "detail", "organization"]}),
        ("Times", {"fields": ["opened_at", "last_seen_at", "closed_at", "acknowledged_at", "acknowledged_by"]}),
        ("Who was told", {"fields": ["told"]}),
        ("For the log", {"fields": ["kind", "key"]}),
    ]
    readonly_fields = ["state", "told"]
    actions = ["acknowledge", "send_again"]
    actions_detail = ["acknowledge_this", "send_this_again"]

    def has_acknowledge_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows cannot be edited; seeing to one is what the right to change them allows."""
        return bool(getattr(request.user, "has_perm", lambda _: False)("webhooks.change_alarm"))

    def is_useful(self, path: str, row: Alarm) -> bool:
        """Sending again, after a message was given up; acknowledging once, as long as it is open."""
        if path == "send-again":
            return row.notices.filter(status=Notice.Status.FAILED).exists()
        return row.closed_at is None and row.acknowledged_at is None

    @admin.display(description="State")
    def state(self, alarm: Alarm) -> str:
        """In words and color."""
        if alarm.closed_at:
            return badge("closed", "success")
        return badge("acknowledged", "warning") if alarm.acknowledged_at else badge("open", "danger")

    @admin.display(description="What to do")
    def what_to_do(self, alarm: Alarm) -> str:
        """The detail, with room for it."""
        return wide(alarm.detail)

    @admin.display(description="Messages")
    def told(self, alarm: Alarm) -> str:
        """Each message, and why it did not arrive."""
        notices = [
            (str(notice), f": {notice.error}" if notice.error else "") for notice in alarm.notices.order_by("id")
        ]
        return (
            format_html_join("", "<div>{}{}</div>", notices)
            or "Nobody: neither ALARM_EMAILS nor ALARM_WEBHOOK_URL was set."
        )

    @action(description="Acknowledge", permissions=["acknowledge"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Alarm]) -> None:
        """For every chosen alarm."""
        self.do_all(request, queryset, _acknowledge_deed(request))

    @action(description="Acknowledge", permissions=["acknowledge"], url_path="acknowledge")
    def acknowledge_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, _acknowledge_deed(request))

    @action(description="Send again", permissions=["acknowledge"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Alarm]) -> None:
        """For every chosen alarm."""
        self.do_all(request, queryset, SEND_AGAIN)

    @action(description="Send again", permissions=["acknowledge"], url_path="send-again")
    def send_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, SEND_AGAIN)
