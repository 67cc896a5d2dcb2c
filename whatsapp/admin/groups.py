"""Groups in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from common.admin import TenantAdmin, TenantForm, action, actor, link
from common.admin.actions import Deed
from common.admin.base import Found, is_autocomplete
from whatsapp import services
from whatsapp.client import parsing
from whatsapp.models import Group, Session


def sync_deed(request: HttpRequest) -> Deed:
    """Ask for a member sync of a group, in the name of the staff member."""

    def sync(group: Group) -> None:
        services.request_sync(group=group, requested_by=actor(request))

    return Deed(
        act=sync,
        done="will be synced: follow it under Syncs.",
        question="Fetch the members of this group from WhatsApp now, and bring our list in step?",
        button="Sync members now",
    )


_COUNTS = ["active", "left", "hidden", "reported_count"]


class GroupForm(TenantForm):
    """A group's JID is written once; its parent is a community."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" in self.fields:
            field: Any = self.fields["parent"]
            field.queryset = field.queryset.filter(kind=Group.Kind.COMMUNITY_PARENT)
            field.error_messages["invalid_choice"] = "Choose a community of the same organization."

    def clean_group_jid(self) -> str:
        """As WhatsApp writes it."""
        jid = parsing.jid(self.cleaned_data["group_jid"])
        if jid is None or not jid.endswith("@g.us"):
            raise forms.ValidationError("This is no group's JID: one looks like 120363041234567890@g.us.")
        return jid

    def clean_invite_link(self) -> str:
        """A link or its code; gateways have been seen to give `undefined`."""
        text = self.cleaned_data["invite_link"]
        link = parsing.invite_link(text)
        if text and not link:
            raise forms.ValidationError("This is no invite link: one looks like https://chat.whatsapp.com/AbCdEfGhIjK.")
        return link


@admin.register(Group)
class GroupAdmin(TenantAdmin):
    """Every JID that we track. Members are counted from their rows."""

    form = GroupForm
    list_display = ["__str__", "organization", "kind", "active", "left", "session", "last_snapshot_at", "created_at"]
    list_filter = ["kind", ("organization", AutocompleteSelectFilter)]
    search_fields = ["name", "group_jid__startswith"]
    search_help_text = "Part of a name, or the beginning of a JID"
    related = ("session",)
    autocomplete_fields = ["organization", "session", "parent"]
    ordering = ["-created_at"]
    readonly_fields = ["numbers", *_COUNTS, "rhythm", "last_snapshot_at", "created_at"]
    fieldsets = [
        (None, {"fields": ["organization", "name", "group_jid", "kind", "invite_link"]}),
        ("Seen through", {"fields": ["session", "numbers", "parent"]}),
        ("Members", {"fields": [*_COUNTS, "last_snapshot_at", "rhythm"]}),
        ("Times", {"fields": ["created_at"]}),
    ]
    actions = ["sync_members_now"]
    actions_detail = ["sync_this"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """With the numbers of members."""
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.with_counts()  # type: ignore[attr-defined, no-any-return]  # the manager is a GroupQuerySet

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> Found:
        """A parent is a community; everywhere else a group that holds people is asked for."""
        if is_autocomplete(request):
            is_parent = Q(kind=Group.Kind.COMMUNITY_PARENT)
            queryset = queryset.filter(is_parent if request.GET.get("field_name") == "parent" else ~is_parent)
            if "linkable" in request.GET:
                queryset = services.linkable(queryset)  # type: ignore[arg-type]  # it is a GroupQuerySet
        return super().get_search_results(request, queryset, term)

    def get_fieldsets(self, request: HttpRequest, obj: Group | None = None) -> Any:
        """Session and parent are chosen once the organization is known; a parent has no parent, and no people."""
        if obj is None:
            return self.fieldsets[:1]
        seen = ["session", "numbers"] if obj.kind == Group.Kind.COMMUNITY_PARENT else ["session", "numbers", "parent"]
        parts = [self.fieldsets[0], ("Seen through", {"fields": seen}), *self.fieldsets[2:]]
        return [part for part in parts if part[0] != "Members" or obj.is_trackable]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What a group is does not change."""
        names = super().get_readonly_fields(request, obj)
        return ["group_jid", "kind", *names] if obj else names

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None that deletes many."""
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A group that ever had people keeps its history."""
        may: bool = super().has_delete_permission(request, obj)
        return may and not (isinstance(obj, Group) and obj.members.exists())

    def response_add(self, request: HttpRequest, obj: Group, post_url_continue: str | None = None) -> HttpResponse:
        """On to its page, where the session is chosen."""
        posted: Any = request.POST.copy()  # as Django does for its users
        posted.setdefault("_continue", "1")
        request.POST = posted
        answer: HttpResponse = super().response_add(request, obj, post_url_continue)
        return answer

    @admin.display(description="Members", ordering="active_count")
    def active(self, group: Any) -> str:
        """How many are in it now, and the way to them."""
        url = reverse("admin:whatsapp_groupmember_changelist")
        return link(f"{url}?group__id__exact={group.pk}", group.active_count)

    @admin.display(description="Our numbers in it")
    def numbers(self, group: Group) -> str:
        """As their latest lists of groups said."""
        seen = group.seen_by.select_related("session").order_by("session")
        return ", ".join(f"{each.session}{' (admin)' if each.is_admin else ''}" for each in seen)

    @admin.display(description="Synced by itself")
    def rhythm(self, group: Group) -> str:
        """Whether, and if not, what to do."""
        if services.listable(Group.objects.filter(pk=group.pk)).exists():
            return "yes"
        if group.seen_by.filter(session__status=Session.Status.CONNECTED).exists():
            return f"no. {services.UNLISTABLE}"
        return "no. No connected number is known to be in it."

    @admin.display(description="Left", ordering="left_count")
    def left(self, group: Any) -> int:
        """How many were in it."""
        return int(group.left_count)

    @admin.display(description="Phone hidden")
    def hidden(self, group: Any) -> int:
        """How many of those in it show no number."""
        return int(group.hidden_count)

    @action(description="Sync members now", permissions=["change"])
    def sync_members_now(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        """For every chosen group."""
        self.do_all(request, queryset, sync_deed(request))

    @action(description="Sync members now", permissions=["change"], url_path="sync")
    def sync_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, sync_deed(request))
