"""Reconciles with Clerk in the admin: how the mirror is, how each run ended, and what a person may do about it."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from common.admin import ActionsMixin, BigListMixin, ReadOnlyMixin, action, actor, badge, who, wide
from common.admin.actions import Deed
from organizations import services
from organizations.models import ReconcileRun

STATUS_COLORS: dict[str, str] = {
    ReconcileRun.Status.QUEUED: "info",
    ReconcileRun.Status.RUNNING: "info",
    ReconcileRun.Status.DONE: "success",
    ReconcileRun.Status.SUSPICIOUS: "warning",
    ReconcileRun.Status.FAILED: "danger",
}
_START = "Compare everything with Clerk now, and repair what differs? It works in the background, once if asked twice."
_LOOK = "Compare everything with Clerk now, and only say what differs? Nothing is written."
_CONFIRM = "Scan again, and remove what Clerk does not know any more, although it is much? Each is asked for once more."


@admin.register(ReconcileRun)
class ReconcileRunAdmin(ReadOnlyMixin, ActionsMixin, BigListMixin, ModelAdmin):
    """Runs, newest first, below the health of the mirror."""

    list_before_template = "organizations/mirror_health.html"
    list_display = ["created_at", "what", "state", "differences", "why", "fetched", "calls", "requester"]
    list_filter = ["status", "is_dry_run", ("created_at", DateFieldListFilter)]
    list_filter_submit = True
    search_fields = ["scope__exact"]
    search_help_text = "An organization's whole id"
    ordering = ["-created_at"]
    fieldsets = [
        (None, {"fields": ["what", "state", "is_dry_run", "is_confirmed", "requested_by"]}),
        ("What differed", {"fields": ["found_in_words"]}),
        ("Why", {"fields": ["doubts_in_words", "wait_reason", "error", "error_code"]}),
        ("Progress", {"fields": ["phase", "fetched", "calls", "totals_in_words"]}),
        ("Times", {"fields": ["created_at", "began_at", "finished_at", "run_after", "lease_until"]}),
        ("Attempts", {"fields": ["attempt", "failures"]}),
    ]
    readonly_fields = ["what", "state", "found_in_words", "doubts_in_words", "totals_in_words"]
    actions_list = ["start", "look"]
    actions_detail = ["confirm_this"]

    def has_start_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows cannot be edited; starting and confirming is what the right to change them allows."""
        return bool(getattr(request.user, "has_perm", lambda _: False)("organizations.change_reconcilerun"))

    def is_useful(self, path: str, row: ReconcileRun) -> bool:
        """Only what was held back as implausible can be confirmed."""
        return row.status == ReconcileRun.Status.SUSPICIOUS and set(row.doubts) <= ReconcileRun.CONFIRMABLE

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """With the health of the mirror."""
        health = services.mirror_health() if request.method == "GET" else None
        return super().changelist_view(request, {**(extra_context or {}), "health": _lines(health), "mirror": health})

    @admin.display(description="Of")
    def what(self, run: ReconcileRun) -> str:
        """Everything, or one organization."""
        return run.scope or "everything"

    @admin.display(description="Status", ordering="status")
    def state(self, run: ReconcileRun) -> str:
        """In words and color."""
        text = run.get_status_display() + (" (dry run)" if run.is_dry_run else "")
        return badge(text, STATUS_COLORS[run.status])

    @admin.display(description="Requested by")
    def requester(self, run: ReconcileRun) -> str:
        """In words."""
        return who(run.requested_by)

    @admin.display(description="Differences")
    def differences(self, run: ReconcileRun) -> int:
        """How many."""
        return sum(run.found.values())

    @admin.display(description="Why")
    def why(self, run: ReconcileRun) -> str:
        """What keeps it from being done, in words."""
        return wide("; ".join(run.doubt_texts) or run.error or run.wait_reason)

    @admin.display(description="By class")
    def found_in_words(self, run: ReconcileRun) -> SafeString | str:
        """Each class with its number and some of its rows."""
        rows = [
            (f"{number:,}", ReconcileRun.Difference(name).label, "; ".join(run.examples.get(name, [])))
            for name, number in run.found.items()
        ]
        return format_html_join("", "<p><b>{} of: {}</b><br>{}</p>", rows) or "Nothing."

    @admin.display(description="Doubts")
    def doubts_in_words(self, run: ReconcileRun) -> str:
        """Why nothing was removed."""
        return "; ".join(run.doubt_texts)

    @admin.display(description="At Clerk there are")
    def totals_in_words(self, run: ReconcileRun) -> str:
        """How long Clerk said that each list is, last."""
        return ", ".join(f"{totals[-1]:,} {kind}" for kind, totals in sorted(run.totals.items()) if totals)

    @action(description="Reconcile now", permissions=["start"], url_path="start")
    def start(self, request: HttpRequest) -> HttpResponse:
        """Everything, in the background."""
        return self._begin(request, _START, "Reconcile now", is_dry_run=False)

    @action(description="Dry run", permissions=["start"], url_path="look")
    def look(self, request: HttpRequest) -> HttpResponse:
        """What would be repaired."""
        return self._begin(request, _LOOK, "Dry run", is_dry_run=True)

    @action(description="Confirm removals", permissions=["start"], url_path="confirm")
    def confirm_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Of a suspicious run."""

        def confirm(run: ReconcileRun) -> None:
            services.confirm_reconcile(run=run, requested_by=actor(request))

        done = "confirmed: the run under way removes what is gone."
        deed = Deed(act=confirm, done=done, question=_CONFIRM, button="Confirm removals")
        return self.do_one(request, object_id, deed)

    def _begin(self, request: HttpRequest, question: str, button: str, *, is_dry_run: bool) -> HttpResponse:
        if request.method != "POST":
            return self.ask(request, title=button, question=question, button=button)
        run = services.request_reconcile(requested_by=actor(request), is_dry_run=is_dry_run)
        self.message_user(request, f"The {run} is under way: this page shows how it goes.")
        return HttpResponseRedirect(self.url_of("change", run.pk))


def _lines(health: services.MirrorHealth | None) -> list[tuple[str, Any]]:
    if health is None:
        return []
    differences = {ReconcileRun.Difference(name).label: number for name, number in health.drift.items()}
    return [
        ("Last webhook", health.last_webhook_at or "none within a week"),
        ("Waiting", f"{health.waiting} (the oldest for {health.lag_seconds:.0f} s)" if health.waiting else 0),
        ("Failed, tried again", health.failed), ("Parked", health.parked), ("Given up", health.dead),
        ("Refused since yesterday", health.refused),
        ("Last whole reconcile", health.last_reconcile_at or "never"),
        ("It ended", health.last_reconcile_status or "not yet"),
        ("It found", _counted(differences)), ("Roles that grant nothing", _counted(health.unknown_roles)),
    ]  # fmt: skip


def _counted(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in numbers.items()) or "nothing"
