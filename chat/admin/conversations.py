"""Conversations in the admin: who takes part, what is wrong, and "repair"."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, TabularInline

from chat import services
from chat.models import Conversation, Participant
from common.admin import ActionsMixin, BigListMixin, ReadOnlyMixin, action, badge, wide
from common.admin.actions import Deed

STATUS_COLORS: dict[str, str] = {
    Conversation.Status.CREATING: "info",
    Conversation.Status.READY: "success",
    Conversation.Status.FAILED: "danger",
    Conversation.Status.DELETED: "warning",
}


def _repair(conversation: Conversation) -> None:
    services.queue_repair(conversation=conversation)


REPAIR = Deed(
    act=_repair,
    done="queued: everybody is pushed to Stream anew, and whoever is missing is brought back.",
    question="Push all participants to Stream anew, and bring back whoever is missing from the channel?",
    button="Repair",
)


class ParticipantInline(ReadOnlyMixin, TabularInline):
    """Who takes part."""

    model = Participant
    fields = ["identity", "name", "is_member", "member_at", "left_at"]
    readonly_fields = fields
    can_delete = False
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With their names."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("identity__company", "identity__person")

    @admin.display(description="Name")
    def name(self, participant: Participant) -> str:
        """Of the company or person."""
        return str(participant.identity.owner)


@admin.register(Conversation)
class ConversationAdmin(ActionsMixin, ReadOnlyMixin, BigListMixin, ModelAdmin):
    """Conversations. The product alone writes them; a person may say "repair"."""

    list_display = ["__str__", "who", "state", "why", "last_message_at", "active_at"]
    list_filter = ["status"]
    list_filter_submit = True
    search_fields = ["channel_id__startswith", "participants__identity__stream_id__startswith", "name"]
    search_help_text = "The beginning of a channel's or a user's id in Stream, or part of the name"
    ordering = ["-active_at"]
    inlines = [ParticipantInline]
    fieldsets = [
        (None, {"fields": ["name", "context", "state", "error", "error_code", "missing", "requested_by"]}),
        ("In Stream", {"fields": ["channel_type", "channel_id", "speaker"]}),
        ("Times", {"fields": ["created_at", "ready_at", "last_message_at", "run_after", "lease_until"]}),
        ("Attempts", {"fields": ["attempt", "failures"]}),
    ]
    readonly_fields = ["state"]
    actions = ["repair_chosen"]
    actions_detail = ["repair_this"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With who takes part, in two queries for a whole page."""
        rows: QuerySet[Any] = super().get_queryset(request)
        people = ("participants__identity__company", "participants__identity__person")
        return rows.select_related("speaker").prefetch_related(*people)

    def has_repair_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows cannot be edited; repairing one is what the right to change them allows."""
        return bool(getattr(request.user, "has_perm", lambda _: False)("chat.change_conversation"))

    @admin.display(description="Participants")
    def who(self, conversation: Conversation) -> str:
        """By name, the absent ones said to be so."""
        found = [_shown(row) for row in conversation.participants.all()]
        return wide(", ".join(sorted(found)[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else ""))

    @admin.display(description="Status", ordering="status")
    def state(self, conversation: Conversation) -> str:
        """In words and color."""
        return badge(conversation.get_status_display(), STATUS_COLORS[conversation.status])

    @admin.display(description="What is wrong")
    def why(self, conversation: Conversation) -> str:
        """The last error, in words."""
        return wide(conversation.error)

    @action(description="Repair", permissions=["repair"])
    def repair_chosen(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        """For every chosen conversation."""
        self.do_all(request, queryset, REPAIR)

    @action(description="Repair", permissions=["repair"], url_path="repair")
    def repair_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, REPAIR)


def _shown(row: Participant) -> str:
    absent = " (left)" if row.left_at else "" if row.is_member else " (not in the channel)"
    return f"{row.identity.owner}{absent}"
