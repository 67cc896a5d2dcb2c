"""Which groups belong to which workshop."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from common.admin import ReadOnlyMixin, TenantAdmin, TenantForm, TenantInline, moment
from common.admin.forms import widget_of
from common.errors import DomainError
from whatsapp import services as whatsapp
from workshops import services
from workshops.models import Community, Workshop, WorkshopGroup


class WorkshopGroupForm(TenantForm):
    """A group without people (a community's parent) or with a workshop is never offered as one to link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "group" in self.fields:
            field: Any = self.fields["group"]
            field.queryset = whatsapp.linkable(field.queryset)
            widget_of(field).wishes = {"linkable": "yes"}
            text = "Choose a group of the same organization that holds people (a community's parent does not) and "
            field.error_messages["invalid_choice"] = f"{text} belongs to no workshop."


def save_links(formset: Any, workshop: Workshop, *, by: str) -> list[str]:
    """
    Write what an inline of links asks for; answers what was refused, in words.

    The first group that a workshop gets is the one whose people are its own; those after it are only linked.
    """
    formset.save(commit=False)
    refused = []
    for link, change in [(link, _unlink) for link in formset.deleted_objects] + [
        (link, _link) for link in formset.new_objects
    ]:
        workshop.refresh_from_db(fields=["community_group"])
        try:
            change(link, workshop, by)
        except DomainError as error:
            refused.append(f"{link.group}: {error.message}")
    return refused


def _link(link: WorkshopGroup, workshop: Workshop, by: str) -> None:
    if workshop.community_group_id is None:
        services.link_group(workshop=workshop, group=link.group, linked_by=by)
    else:
        link.save()


def _unlink(link: WorkshopGroup, workshop: Workshop, by: str) -> None:
    community = Community.objects.filter(workshop=workshop).first()
    if link.group_id in (workshop.community_group_id, community and community.parent_group_id):
        services.unlink_group(workshop=workshop, unlinked_by=by)
    else:
        link.delete()


class GroupKind:
    """A community's two groups have one name."""

    @admin.display(description="Kind")
    def kind(self, link: WorkshopGroup) -> str:
        """What the group is."""
        return link.group.get_kind_display() if link.group_id else ""


class WorkshopGroupInline(GroupKind, TenantInline):
    """The groups of a workshop: linked and unlinked here, not changed."""

    model = WorkshopGroup
    form = WorkshopGroupForm
    fields = ["group", "kind", "since"]
    readonly_fields = ["kind", "since"]
    autocomplete_fields = ["group"]
    verbose_name_plural = "linked groups"
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the groups, whose names are shown."""
        return super().get_queryset(request).select_related("group")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A link is made or unmade."""
        return False

    @admin.display(description="Since")
    def since(self, link: WorkshopGroup) -> str:
        """When it was linked; nothing for a row that is being filled in."""
        return "" if link._state.adding else moment(link.created_at)


@admin.register(WorkshopGroup)
class WorkshopGroupAdmin(GroupKind, ReadOnlyMixin, TenantAdmin):
    """Which groups belong to which workshop. Links are made on the workshop's page."""

    list_display = ["group", "kind", "workshop", "organization", "created_at"]
    list_filter = [("organization", AutocompleteSelectFilter)]
    search_fields = ["group__name", "group__group_jid__startswith", "workshop__title"]
    search_help_text = "Part of a group's name or of a workshop's title, or the beginning of a JID"
    related = ("group", "workshop")
    ordering = ["organization", "workshop", "id"]
    fields = ["organization", "workshop", "group", "created_at"]
