"""The audit trail of repairs, with undo."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin

from accounts import services
from accounts.models import Repair, SyncStatus
from common.admin import ActionsMixin, BigListMixin, ReadOnlyMixin, action, actor, badge, who
from common.admin.actions import Deed

_COLORS: dict[str, str] = {
    Repair.Action.REKEY: "info",
    Repair.Action.MERGE: "warning",
    Repair.Action.CREATE: "success",
    Repair.Action.EMAIL: "info",
    Repair.Action.UNDO: "warning",
    Repair.Action.ERASE: "danger",
}


def _undo_deed(request: HttpRequest) -> Deed:
    def undo(repair: Repair) -> None:
        services.undo(repair_id=repair.pk, actor=actor(request), reason="admin")

    return Deed(
        act=undo,
        done="undone.",
        question="Undo this repair, and those of its run that cannot be undone without it? Every row goes back.",
        button="Undo",
    )


@admin.register(Repair)
class RepairAdmin(ReadOnlyMixin, ActionsMixin, BigListMixin, ModelAdmin):
    """What was repaired, by whom and why."""

    list_display = ["id", "created_at", "what", "auth_id", "old_id", "new_id", "rows", "repairer", "undone_at"]
    list_filter = ["action", ("created_at", DateFieldListFilter)]
    list_filter_submit = True
    search_fields = ["auth_id__exact", "old_id__exact", "new_id__exact"]
    search_help_text = "A whole id"
    ordering = ["-id"]
    fieldsets = [
        (None, {"fields": ["what", "found", "auth_id", "old_id", "new_id"]}),
        ("Rows that moved", {"fields": ["places"]}),
        ("Who and why", {"fields": ["actor", "reason", "run", "created_at", "undone_at", "undoes"]}),
    ]
    readonly_fields = ["what", "found", "places"]
    actions_detail = ["undo_this"]

    def has_undo_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows cannot be edited; undoing is what the right to change them allows."""
        return bool(getattr(request.user, "has_perm", lambda _: False)("accounts.change_repair"))

    def is_useful(self, path: str, row: Repair) -> bool:
        """Once, and never an undo or an erasure."""
        return row.undone_at is None and row.action not in (Repair.Action.UNDO, Repair.Action.ERASE)

    @admin.display(description="What", ordering="action")
    def what(self, repair: Repair) -> str:
        """In words and color."""
        return badge(repair.get_action_display(), _COLORS[repair.action])

    @admin.display(description="What was wrong")
    def found(self, repair: Repair) -> str:
        """The state of the person before, in words."""
        return dict(SyncStatus.State.choices).get(repair.state, repair.state)

    @admin.display(description="Who")
    def repairer(self, repair: Repair) -> str:
        """In words."""
        return who(repair.actor)

    @admin.display(description="Rows")
    def rows(self, repair: Repair) -> int:
        """How many rows moved."""
        return sum(repair.counts.values())

    @admin.display(description="By place")
    def places(self, repair: Repair) -> str:
        """How many rows of each place moved."""
        return format_html_join("", "<div>{}: {}</div>", sorted(repair.counts.items())) or "none"

    @action(description="Undo", permissions=["undo"], url_path="undo")
    def undo_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, _undo_deed(request))
