"""Tags in the admin, each with a preview of what it makes of a workshop."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from common.admin import TenantAdmin, TenantForm, action, badge
from common.admin.actions import Deed
from workshops import services
from workshops.models import Tag, Workshop
from workshops.serializers import TagSerializer

_JUDGED = ("name", "name_template", "description_template", "picture_url")
_CHOICES = ("is_announcement", "is_restricted")
_FILLED = "{workshop_name}, {workshop_title}, {workshop_date} and {start_time} are filled."
_LINKED = "{invite_link} too, but the line that it is in is left out of a new community's description."


def _make_default(tag: Tag) -> None:
    services.make_default_tag(tag=tag)


DEFAULT = Deed(_make_default, "now the default.", "Let workshops without a tag go by this one?", "Make default")


class TagForm(TenantForm):
    """Templates are judged by the same serializer as in the API, so that each rule has one home."""

    class Meta:
        model = Tag
        fields = ["organization", *_JUDGED, *_CHOICES]
        labels = {"is_announcement": "Only admins send", "is_restricted": "Only admins change the group"}
        help_texts = {
            "name_template": f"Empty: the organization's. {_FILLED}",
            "description_template": f"Empty: the organization's. {_FILLED} {_LINKED}",
            "picture_url": "The https address of a picture on a public site, which the gateway fetches.",
        }

    def clean(self) -> dict[str, Any]:
        """
        What the serializer makes of them, or what it says against them.

        The names are compared after this, with those that others gave up to this moment: they wait from here on.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        organization = cleaned.get("organization")
        if organization_id := organization.pk if organization else self.instance.organization_id:
            services.lock_tags_of(organization_id)
        texts = {name: cleaned[name] for name in _JUDGED if name in cleaned}
        serializer = TagSerializer(self.instance, data=texts, partial=True)
        if serializer.is_valid():
            return {**cleaned, **serializer.validated_data}
        for name, errors in serializer.errors.items():
            self.add_error(name, [str(error) for error in errors])
        return cleaned


@admin.register(Tag)
class TagAdmin(TenantAdmin):
    """Kinds of workshops, and how their communities begin."""

    form = TagForm
    list_display = [
        "name",
        "organization",
        "default",
        "name_template",
        "is_announcement",
        "is_restricted",
        "created_at",
    ]
    list_filter = [("organization", AutocompleteSelectFilter)]
    search_fields = ["name"]
    search_help_text = "Part of a name"
    ordering = ["organization", "name", "id"]
    long_texts = ("description_template",)
    readonly_fields = ["default", "preview", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": ["organization", "name", "default"]}),
        (
            "A new community",
            {
                "fields": [*_JUDGED[1:], *_CHOICES],
                "description": "Communities that exist already stay as they are.",
            },
        ),
        ("Preview", {"fields": ["preview"]}),
        ("Times", {"fields": ["created_at", "updated_at"]}),
    ]
    actions_detail = ["make_default"]

    def get_fieldsets(self, request: HttpRequest, obj: Tag | None = None) -> Any:
        """A new one has nothing to be seen yet."""
        return self.fieldsets if obj else [(None, {"fields": ["organization", "name"]}), self.fieldsets[1]]

    def is_useful(self, path: str, row: Tag) -> bool:
        """One is the default."""
        return not row.is_default

    @admin.display(description="Default")
    def default(self, tag: Tag) -> str:
        """Whether workshops without a tag go by it."""
        return badge("default", "success") if tag.is_default else ""

    @admin.display(description="As saved")
    def preview(self, tag: Tag) -> str:
        """What its newest workshop's community would be given; a made-up one's while it has none."""
        workshops = Workshop.objects.filter(tag=tag).select_related("organization").order_by("-created_at", "-pk")
        workshop = workshops.first()
        plan = services.preview_tag(tag=tag, organization=tag.organization, workshop=workshop)
        return render_to_string("workshops/preview.html", {"plan": plan, "workshop": workshop})

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        """By the services, which decide on the default."""
        if change:
            services.update_tag(tag=obj, **{name: form.cleaned_data[name] for name in form.changed_data})
        else:
            values = {name: getattr(obj, name) for name in (*_JUDGED, *_CHOICES)}
            services.create_tag(organization_id=obj.organization_id, id=obj.pk, **values)

    def has_delete_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        """The default one stays until another one is it."""
        return super().has_delete_permission(request, obj) and not (obj and obj.is_default)

    @action(description="Make default", permissions=["change"], url_path="default")
    def make_default(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Workshops without a tag go by it."""
        return self.do_one(request, object_id, DEFAULT)
