"""Deliveries in the admin: what came, what became of it, and "process again"."""

import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import DateFieldListFilter, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from common.admin import ActionsMixin, BigListMixin, ReadOnlyMixin, action, badge, moment, wide
from common.admin.actions import Deed
from webhooks import services, sources
from webhooks.models import Delivery

STATUS_COLORS: dict[str, str] = {
    Delivery.Status.RECEIVED: "info",
    Delivery.Status.DONE: "success",
    Delivery.Status.IGNORED: "info",
    Delivery.Status.PARKED: "warning",
    Delivery.Status.FAILED: "danger",
    Delivery.Status.DEAD: "danger",
}
_MOST_AT_ONCE = 10_000


def _again(delivery: Delivery) -> None:
    services.process_again(deliveries=Delivery.objects.filter(pk=delivery.pk))


AGAIN = Deed(
    act=_again,
    done="will be processed again.",
    question="Process this delivery again? What it did before, its handler does not do twice.",
    button="Process again",
)


class SourceFilter(SimpleListFilter):
    """The sources of the settings: to ask the table which it has would read all of it."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """By name."""
        return [(name, name) for name in sorted(settings.WEBHOOK_SOURCES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Of that source."""
        return queryset.filter(source=self.value()) if self.value() else queryset


class TypeFilter(SimpleListFilter):
    """The types that the sources have handlers for."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Of all sources."""
        found = [sources.get(name) for name in settings.WEBHOOK_SOURCES]
        return [(name, name) for name in sorted({name for source in found if source for name in source.handlers})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Of that type."""
        return queryset.filter(type=self.value()) if self.value() else queryset


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyMixin, ActionsMixin, BigListMixin, ModelAdmin):
    """The inbox. The product alone writes it; a person may say "again"."""

    list_display = ["id", "received_at", "source", "type", "state", "why", "attempts", "next_try", "organization"]
    list_filter = ["status", SourceFilter, TypeFilter, ("received_at", DateFieldListFilter)]
    list_filter_submit = True
    search_fields = ["dedupe_key__exact"]
    search_help_text = "A whole dedupe key"
    ordering = ["-id"]
    sortable_by: list[str] = []
    fieldsets = [
        (None, {"fields": ["source", "type", "dedupe_key", "organization", "state"]}),
        ("Why", {"fields": ["error", "waits_for", "attempts", "is_alone"]}),
        ("Times", {"fields": ["occurred_at", "received_at", "handled_at", "next_try", "parked_at"]}),
        ("Payload", {"fields": ["pretty_payload"]}),
    ]
    readonly_fields = ["state", "is_alone", "next_try", "pretty_payload"]
    actions = ["process_again"]
    actions_detail = ["process_this_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Without payloads, which only a row's own page shows."""
        deliveries: QuerySet[Delivery] = super().get_queryset(request)
        return deliveries.defer("payload")

    def has_again_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows cannot be edited; "again" is what the right to change them allows."""
        return bool(getattr(request.user, "has_perm", lambda _: False)("webhooks.change_delivery"))

    def is_useful(self, path: str, row: Delivery) -> bool:
        """Once it has been handled a first time."""
        return row.status != Delivery.Status.RECEIVED

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """With a line about what is wrong."""
        if request.method == "GET" and (text := _troubles()):
            self.message_user(request, text, messages.WARNING)
        return super().changelist_view(request, extra_context)

    @admin.display(description="Status")
    def state(self, delivery: Delivery) -> str:
        """In words and color."""
        return badge(delivery.get_status_display(), STATUS_COLORS[delivery.status])

    @admin.display(description="Why")
    def why(self, delivery: Delivery) -> str:
        """Why it is not done, in words."""
        return wide(delivery.error[:300])

    @admin.display(description="Next try at")
    def next_try(self, delivery: Delivery) -> str:
        """When it is handled by itself; nothing: not by itself."""
        return moment(delivery.run_after)

    @admin.display(description="Handled alone")
    def is_alone(self, delivery: Delivery) -> str:
        """Since it was in a batch that broke, or whose worker died."""
        return "yes: it was among those whose handling broke off" if delivery.is_suspect else ""

    @admin.display(description="Payload")
    def pretty_payload(self, delivery: Delivery) -> SafeString:
        """Indented, without the secrets, which were never stored."""
        text = json.dumps(delivery.payload, indent=2, ensure_ascii=False)
        return format_html('<pre class="whitespace-pre-wrap break-all">{}</pre>', text)

    @action(description="Process again", permissions=["again"])
    def process_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """For every chosen delivery."""
        chosen = Delivery.objects.filter(pk__in=queryset.order_by().values("pk")[: _MOST_AT_ONCE + 1])
        total = chosen.count()
        if total > _MOST_AT_ONCE:
            text = f"Choose at most {_MOST_AT_ONCE:,}, or use manage.py replay_deliveries. Nothing was done."
            self.message_user(request, text, messages.ERROR)
            return
        number = services.process_again(deliveries=chosen)
        waiting = f"; {total - number} were waiting already" if number < total else ""
        self.message_user(request, f"{number} of {total} will be processed again{waiting}.", messages.SUCCESS)

    @action(description="Process again", permissions=["again"], url_path="again")
    def process_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, AGAIN)


def _troubles() -> str:
    """Nothing when all is well."""
    return "; ".join(trouble.subject for trouble in services.troubles())
