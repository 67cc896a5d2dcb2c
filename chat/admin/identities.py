"""Identities in the admin: who has which user in Stream, what is wrong, and "push again"."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from chat import services
from chat.models import StreamIdentity
from common.admin import ActionsMixin, BigListMixin, ReadOnlyMixin, action, badge, wide
from common.admin.actions import Deed

STATE_COLORS: dict[str, str] = {
    StreamIdentity.State.ACTIVE: "success",
    StreamIdentity.State.DEACTIVATED: "warning",
    StreamIdentity.State.DELETED: "danger",
}


def _push(identity: StreamIdentity) -> None:
    services.push_again(identity=identity)


PUSH = Deed(
    act=_push,
    done="will be pushed to Stream within seconds.",
    question="Push this profile to Stream again? A user who was let back in there is believed to be back.",
    button="Push again",
)


@admin.register(StreamIdentity)
class StreamIdentityAdmin(ActionsMixin, ReadOnlyMixin, BigListMixin, ModelAdmin):
    """Who somebody is in Stream."""

    list_display = ["stream_id", "name", "kind", "in_stream", "in_step", "why", "pushed_at"]
    list_filter = ["kind", "state"]
    list_filter_submit = True
    search_fields = ["stream_id__startswith", "company__name", "person__full_name"]
    search_help_text = "The beginning of an id in Stream, or part of a name"
    list_select_related = ["company", "person"]
    ordering = ["stream_id"]
    fieldsets = [
        (None, {"fields": ["stream_id", "name", "kind", "in_stream", "in_step", "error", "error_code"]}),
        ("Whose", {"fields": ["company", "person"]}),
        ("Times", {"fields": ["created_at", "pushed_at", "push_after", "repaired_at", "state_at", "lease_until"]}),
        ("Attempts", {"fields": ["failures"]}),
    ]
    readonly_fields = ["name", "in_stream", "in_step"]
    actions = ["push_chosen"]
    actions_detail = ["push_this"]

    def has_push_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows cannot be edited; pushing one is what the right to change them allows."""
        return bool(getattr(request.user, "has_perm", lambda _: False)("chat.change_streamidentity"))

    @admin.display(description="Name")
    def name(self, identity: StreamIdentity) -> str:
        """Of the company or person."""
        return str(identity.owner)

    @admin.display(description="In Stream", ordering="state")
    def in_stream(self, identity: StreamIdentity) -> str:
        """In words and color."""
        return badge(identity.get_state_display(), STATE_COLORS[identity.state])

    @admin.display(description="Profile in step", boolean=True)
    def in_step(self, identity: StreamIdentity) -> bool:
        """Whether Stream has the profile that it should have, as far as we know."""
        return bool(identity.pushed_hash) and identity.push_after is None

    @admin.display(description="What is wrong")
    def why(self, identity: StreamIdentity) -> str:
        """The last error, in words."""
        return wide(identity.error)

    @action(description="Push again", permissions=["push"])
    def push_chosen(self, request: HttpRequest, queryset: QuerySet[StreamIdentity]) -> None:
        """For every chosen identity."""
        self.do_all(request, queryset, PUSH)

    @action(description="Push again", permissions=["push"], url_path="push")
    def push_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, PUSH)
