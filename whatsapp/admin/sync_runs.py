"""Syncs in the admin: how each ended, with its counts, and what a person may do about it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import DateFieldListFilter
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from common.admin import ReadOnlyMixin, TenantAdmin, action, actor, badge, wide
from common.admin.actions import Deed
from whatsapp import services
from whatsapp.models import SyncRun

STATUS_COLORS: dict[str, str] = {
    SyncRun.Status.QUEUED: "info",
    SyncRun.Status.RUNNING: "info",
    SyncRun.Status.DONE: "success",
    SyncRun.Status.SUSPICIOUS: "warning",
    SyncRun.Status.FAILED: "danger",
}
_QUESTION = "Fetch the list again and apply it, despite the doubts below? People who are not in it become “left”."


def _confirm_deed(request: HttpRequest) -> Deed:
    def confirm(run: SyncRun) -> None:
        services.confirm_run(run=run, requested_by=actor(request))

    return Deed(
        act=confirm, done="confirmed: a new one fetches the list again.", question=_QUESTION, button="Confirm and apply"
    )


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyMixin, TenantAdmin):
    """Syncs of members."""

    list_display = [
        "created_at", "group_name", "organization", "state", "why",
        "fetched", "added", "returned", "left", "unchanged",
    ]  # fmt: skip
    list_display_links = ["created_at"]
    list_filter = ["status", ("created_at", DateFieldListFilter), ("organization", AutocompleteSelectFilter)]
    search_fields = ["group__name", "group__group_jid__startswith"]
    search_help_text = "Part of a group's name, or the beginning of its JID"
    related = ("group",)
    ordering = ["-created_at"]
    fieldsets = [
        (None, {"fields": ["organization", "group", "state", "requested_by"]}),
        ("Why", {"fields": ["doubts_in_words", "confirmed_in_words", "wait_reason", "error", "error_code"]}),
        ("Counts", {"fields": ["fetched", "added", "returned", "left", "updated", "unchanged", "kept", "hidden"]}),
        ("Times", {"fields": ["created_at", "started_at", "finished_at", "run_after", "lease_until"]}),
        ("Attempts", {"fields": ["attempt", "failures"]}),
    ]
    readonly_fields = ["state", "doubts_in_words", "confirmed_in_words"]
    actions = ["confirm_and_apply"]
    actions_detail = ["confirm_this"]

    def has_confirm_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows cannot be edited; confirming one is what the right to change them allows."""
        return bool(getattr(request.user, "has_perm", lambda _: False)("whatsapp.change_syncrun"))

    def is_useful(self, path: str, row: SyncRun) -> bool:
        """Only a suspicious one can be confirmed."""
        return row.status == SyncRun.Status.SUSPICIOUS

    @admin.display(description="Status", ordering="status")
    def state(self, run: SyncRun) -> str:
        """In words and color."""
        return badge(run.get_status_display(), STATUS_COLORS[run.status])

    @admin.display(description="Group", ordering="group")
    def group_name(self, run: SyncRun) -> str:
        """Its name."""
        return str(run.group)

    @admin.display(description="Why")
    def why(self, run: SyncRun) -> str:
        """What keeps it from being done, in words."""
        return wide(_sentence(run.doubt_texts) or run.error or run.wait_reason)

    @admin.display(description="Doubts")
    def doubts_in_words(self, run: SyncRun) -> str:
        """Why the list was not believed."""
        return _sentence(run.doubt_texts)

    @admin.display(description="Confirmed doubts")
    def confirmed_in_words(self, run: SyncRun) -> str:
        """What a person has overruled."""
        return _sentence(str(SyncRun.Doubt(doubt).label) for doubt in run.confirmed_doubts)

    @action(description="Confirm and apply", permissions=["confirm"])
    def confirm_and_apply(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> HttpResponse | None:
        """Name the doubts of the suspicious ones, then confirm them."""
        if "confirmed" in request.POST:
            self.do_all(request, queryset, _confirm_deed(request))
            return None
        suspicious = list(queryset.filter(status=SyncRun.Status.SUSPICIOUS)[:100])
        if not suspicious:
            self.message_user(request, "None of these is suspicious: there is nothing to confirm.", messages.WARNING)
            return None
        return self._ask(request, suspicious, action="confirm_and_apply")

    @action(description="Confirm and apply", permissions=["confirm"], url_path="confirm")
    def confirm_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        run = self.get_object(request, unquote(object_id))
        if request.method != "POST" and run:
            return self._ask(request, [run], back=self.url_of("change", object_id))
        return self.do_one(request, object_id, _confirm_deed(request))

    def _ask(self, request: HttpRequest, runs: list[SyncRun], **where: Any) -> HttpResponse:
        details = [(f"{run.group} ({run.fetched} people in the list)", _doubts(run)) for run in runs]
        return self.ask(
            request, title="Confirm and apply", question=_QUESTION, button="Confirm and apply", details=details,
            rows=runs, **where,
        )  # fmt: skip


def _doubts(run: SyncRun) -> str:
    may = set(run.doubts) <= SyncRun.CONFIRMABLE
    return _sentence(run.doubt_texts) + ("" if may else " This cannot be confirmed: sync again instead.")


def _sentence(texts: Iterable[str]) -> str:
    text = "; ".join(texts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""
