"""The history of groups in the admin."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from common.admin import ReadOnlyMixin, TenantAdmin, badge
from whatsapp.models import MembershipEvent

ACTION_COLORS: dict[str, str] = {
    MembershipEvent.Action.JOIN: "success",
    MembershipEvent.Action.LEAVE: "warning",
    MembershipEvent.Action.PROMOTE: "info",
    MembershipEvent.Action.DEMOTE: "info",
}


@admin.register(MembershipEvent)
class MembershipEventAdmin(ReadOnlyMixin, TenantAdmin):
    """Who joined, left, became an admin or stopped being one, when, and who told us."""

    list_display = ["member", "what", "group", "organization", "occurred_at", "source"]
    list_filter = ["action", "source", ("organization", AutocompleteSelectFilter), ("group", AutocompleteSelectFilter)]
    search_fields = ["member__full_phone__startswith", "member__lid__startswith"]
    search_help_text = "The beginning of a phone number with its country code, or of a LID"
    related = ("group", "member")
    ordering = ["organization", "group", "-occurred_at", "-id"]
    fields = ["organization", "group", "member", "what", "source", "occurred_at", "stamp", "created_at"]
    readonly_fields = ["what"]

    @admin.display(description="What", ordering="action")
    def what(self, event: MembershipEvent) -> str:
        """In words and color."""
        return badge(event.get_action_display(), ACTION_COLORS[event.action])
