"""Workshops in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import formats, timezone
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from common.admin import TenantAdmin, action, actor, badge, who
from common.admin.actions import Deed
from common.errors import DomainError
from workshops import services
from workshops.admin.communities import RETRY, STATUS_COLORS, CommunityInline
from workshops.admin.groups import WorkshopGroupInline, save_links
from workshops.admin.life import ArchiveFilter, LifeActions
from workshops.admin.participation import ParticipationPages
from workshops.models import Community, Registration, Workshop, WorkshopGroup


def _sync_deed(request: HttpRequest) -> Deed:
    def sync(workshop: Workshop) -> None:
        services.sync_members(workshop=workshop, requested_by=actor(request))

    return Deed(
        act=sync,
        done="will be synced: follow it under Syncs.",
        question="Fetch the members of this workshop's group from WhatsApp now, and bring our list in step?",
        button="Sync members now",
    )


def _retry(workshop: Workshop) -> None:
    services.retry_community(community=services.queue_community(workshop=workshop))


RETRY_OF_WORKSHOP = Deed(act=_retry, done=RETRY.done, question=RETRY.question, button=RETRY.button)


class WhenFilter(admin.SimpleListFilter):
    """Workshops to come, and those that were."""

    title = "when"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two halves of time."""
        return [("coming", "To come"), ("past", "Past")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Split at now."""
        if self.value() == "coming":
            return queryset.filter(starts_at__gte=timezone.now())
        return queryset.filter(starts_at__lt=timezone.now()) if self.value() == "past" else queryset


class CommunityFilter(admin.ChoicesFieldListFilter):
    """By the state of the community, which is what its title says."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "community"


@admin.register(Workshop)
class WorkshopAdmin(LifeActions, ParticipationPages, TenantAdmin):
    """Workshops. A new one gets its community by the same signal as everywhere."""

    list_display = ["title", "organization", "starts", "life", "community_state", "members", "creator", "created_at"]
    list_filter = [
        WhenFilter, "status", ArchiveFilter, ("community__status", CommunityFilter),
        ("organization", AutocompleteSelectFilter), ("tag", AutocompleteSelectFilter),
    ]  # fmt: skip
    search_fields = ["title"]
    search_help_text = "Part of a title"
    related = ("community",)
    ordering = ["-created_at"]
    long_texts = ("description",)
    autocomplete_fields = ["organization", "tag"]
    readonly_fields = [
        "life", "archived_at", "community_group", "community_state", "participation",
        "created_by", "created_at", "updated_at",
    ]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["organization", "title", "description", "starts_at", "ends_at", "tag"]}),
        ("People", {"fields": ["participation", "community_state", "community_group"]}),
        ("Life", {"fields": ["life", "archived_at"]}),
        ("Origin", {"fields": ["created_by", "created_at", "updated_at"]}),
    ]
    inlines = [CommunityInline, WorkshopGroupInline]
    actions = ["sync_members_now", "create_community_again", *LifeActions.IN_LISTS]
    actions_detail = ["sync_this", "create_again_for_this", LifeActions.ON_PAGES]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workshop]:
        """With the number of members, counted for the rows that are shown."""
        workshops: Any = super().get_queryset(request)
        with_count: QuerySet[Workshop] = workshops.with_member_count()
        return with_count

    def get_fieldsets(self, request: HttpRequest, obj: Workshop | None = None) -> Any:
        """A new one has no history yet."""
        if obj:
            return self.fieldsets
        (title, options), *_ = self.fieldsets
        return [(title, {"fields": [name for name in options["fields"] if name != "tag"]})]

    def get_inlines(self, request: HttpRequest, obj: Workshop | None) -> list[Any]:
        """Neither has it a community or groups."""
        return self.inlines if obj else []

    def get_form(self, request: HttpRequest, obj: Workshop | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Times are written in the zone of the organization."""
        zone = f" ({obj.organization.timezone})" if obj else ""
        text = f"In the time zone of the organization{zone}."
        return super().get_form(request, obj, change, help_texts={"starts_at": text, "ends_at": text}, **kwargs)

    def is_useful(self, path: str, row: Workshop) -> bool:
        """Members are somewhere; a community is not yet what it should be."""
        community: Community | None = getattr(row, "community", None)
        if path == "again":
            return community is None or community.status in Community.RETRYABLE
        if path in LifeActions.PATHS:
            return super().is_useful(path, row)
        return row.community_group_id is not None

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """
        Whoever may delete a workshop deletes its community and links with it, which nobody deletes by themselves.

        :raises WorkshopHasRegistrations: instead of a list of thousands of people
        """
        if Registration.objects.filter(workshop__in=objs).exists():
            raise services.WorkshopHasRegistrations
        shown, counts, _, protected = super().get_deleted_objects(objs, request)
        return shown, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: Workshop) -> None:
        """By the same rules as everywhere."""
        services.delete_workshop(workshop=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Workshop]) -> None:
        """All of them or none; by organization, as orders lock them."""
        with transaction.atomic():
            for workshop in queryset.order_by("organization_id", "pk"):
                services.delete_workshop(workshop=workshop)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """What may not be deleted now stays, and it is said why."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(self.url_of("change", object_id))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """As above, for those that were chosen."""
        try:
            return super().changelist_view(request, extra_context)
        except DomainError as error:
            self.message_user(request, f"{error.message} Nothing was deleted.", messages.ERROR)
            return HttpResponseRedirect(self.url_of("changelist"))

    def save_model(self, request: HttpRequest, obj: Workshop, form: Any, change: bool) -> None:
        """In the name of the staff member."""
        if change:
            services.update_workshop(workshop=obj, **{name: form.cleaned_data[name] for name in form.changed_data})
            self._warn_of_old_name(request, obj, form.changed_data)
            return
        obj.created_by = actor(request)
        super().save_model(request, obj, form, change)

    def _warn_of_old_name(self, request: HttpRequest, workshop: Workshop, changed: list[str]) -> None:
        """Nothing in WhatsApp follows by itself, and nobody should think so."""
        name = services.plan_community(workshop=workshop).name if {"title", "starts_at", "tag"} & {*changed} else ""
        group = workshop.community_group
        if group and name and group.name != name:
            text = f"Its WhatsApp group is still called {group.name}. Rename it in WhatsApp if it is to be {name}."
            self.message_user(request, text, messages.WARNING)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Links of groups are made by the same rules as everywhere."""
        if formset.model is not WorkshopGroup:
            super().save_formset(request, form, formset, change)
            return
        for text in save_links(formset, form.instance, by=actor(request)):
            self.message_user(request, text, messages.ERROR)

    @admin.display(description="Starts", ordering="starts_at")
    def starts(self, workshop: Workshop) -> str:
        """In the zone of its organization."""
        return formats.date_format(workshop.starts_at.astimezone(workshop.organization.zone), "DATETIME_FORMAT")

    @admin.display(description="Community", ordering="community__status")
    def community_state(self, workshop: Workshop) -> str:
        """Its state; nothing for the moment before it is queued."""
        community: Community | None = getattr(workshop, "community", None)
        return badge(community.get_status_display(), STATUS_COLORS[community.status]) if community else ""

    @admin.display(description="Created by")
    def creator(self, workshop: Workshop) -> str:
        """In words."""
        return who(workshop.created_by)

    @admin.display(description="Members", ordering="member_count")
    def members(self, workshop: Any) -> int:
        """How many people are in its group now."""
        return int(workshop.member_count)

    @action(description="Sync members now", permissions=["change"])
    def sync_members_now(self, request: HttpRequest, queryset: QuerySet[Workshop]) -> None:
        """For every chosen workshop."""
        self.do_all(request, queryset.select_related("community_group"), _sync_deed(request))

    @action(description="Create community again", permissions=["change"])
    def create_community_again(self, request: HttpRequest, queryset: QuerySet[Workshop]) -> None:
        """For every chosen workshop."""
        self.do_all(request, queryset, RETRY_OF_WORKSHOP)

    @action(description="Sync members now", permissions=["change"], url_path="sync")
    def sync_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, _sync_deed(request))

    @action(description="Create community again", permissions=["change"], url_path="again")
    def create_again_for_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, RETRY_OF_WORKSHOP)
