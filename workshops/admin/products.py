"""Products, and which workshop that is, in the admin: the place where "needs mapping" is answered."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from common.admin import ReadOnlyMixin, TenantAdmin, TenantForm, action, actor, badge, link, wide
from common.admin.actions import Deed
from workshops import services
from workshops.models import ProductCode, ProductMapping


def _create_deed(request: HttpRequest) -> Deed:
    def create(mapping: ProductMapping) -> None:
        services.create_mapped_workshop(mapping=mapping, mapped_by=actor(request))

    return Deed(
        act=create,
        done="placed: their workshops are there, with their communities on the way.",
        question="Make the workshop that this name says, with its community, and place everybody who is held?",
        button="Create its workshop",
    )


class MappedFilter(admin.SimpleListFilter):
    """What a person has to answer."""

    title = "mapping"
    parameter_name = "mapped"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two kinds."""
        return [("no", "Needs mapping"), ("yes", "Mapped")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """With or without a workshop."""
        return queryset.filter(workshop__isnull=self.value() == "no") if self.value() else queryset


class ProductCodeInline(ReadOnlyMixin, TabularInline):
    """The platforms' own ids of it."""

    model = ProductCode
    fields = ["platform", "external_id", "created_at"]
    readonly_fields = fields
    verbose_name_plural = "product ids"
    can_delete = False
    hide_title = True


@admin.register(ProductMapping)
class ProductMappingAdmin(TenantAdmin):
    """Names that platforms sell. Choosing a workshop and saving places everybody who was held."""

    form = TenantForm
    list_display = ["name", "organization", "on_date", "state", "people", "workshop", "created_at"]
    list_filter = [MappedFilter, "hold_reason", ("organization", AutocompleteSelectFilter)]
    search_fields = ["name", "workshop__title"]
    search_help_text = "Part of a name or of a workshop's title"
    related = ("workshop",)
    ordering = ["-created_at"]
    autocomplete_fields = ["organization", "workshop"]
    readonly_fields = ["name", "on_date", "state", "people", "mapped_by", "mapped_at", "created_at"]
    fieldsets = [
        (None, {"fields": ["organization", "name", "on_date", "workshop", "state", "people"]}),
        ("Origin", {"fields": ["mapped_by", "mapped_at", "created_at"]}),
    ]
    inlines = [ProductCodeInline]
    actions = ["create_workshops"]
    actions_detail = ["create_this"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: orders bring names."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: the next order would bring it back."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductMapping]:
        """With the number of people held, counted for the rows that are shown."""
        mappings: Any = super().get_queryset(request)
        with_count: QuerySet[ProductMapping] = mappings.with_held()
        return with_count

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """What saving does."""
        text = "Everybody who is held is placed there, and so is whoever buys this from now on. Empty: they are held."
        return super().get_form(request, obj, change, help_texts={"workshop": text}, **kwargs)

    def is_useful(self, path: str, row: ProductMapping) -> bool:
        """A workshop can be made of a name with a date."""
        return row.workshop_id is None and row.on_date is not None

    def save_model(self, request: HttpRequest, obj: ProductMapping, form: Any, change: bool) -> None:
        """Place, move, or hold again."""
        if "workshop" in form.changed_data:
            services.map_product(mapping=obj, workshop=form.cleaned_data["workshop"], mapped_by=actor(request))

    @admin.display(description="State", ordering="hold_reason")
    def state(self, mapping: ProductMapping) -> str:
        """Mapped, or why not."""
        if mapping.workshop_id:
            return badge("mapped", "success")
        return wide(badge(f"needs mapping: {mapping.get_hold_reason_display() or 'new'}", "warning"))

    @admin.display(description="Held")
    def people(self, mapping: Any) -> str:
        """How many people wait, and the way to them."""
        url = reverse("admin:workshops_registration_changelist")
        return link(f"{url}?mapping__id__exact={mapping.pk}&status__exact=held", mapping.held) if mapping.held else "0"

    @action(description="Create their workshops", permissions=["change"])
    def create_workshops(self, request: HttpRequest, queryset: QuerySet[ProductMapping]) -> None:
        """For every chosen name that needs one; by organization, as orders lock them."""
        self.do_all(request, queryset.filter(workshop=None).order_by("organization_id", "pk"), _create_deed(request))

    @action(description="Create its workshop", permissions=["change"], url_path="create")
    def create_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, _create_deed(request))
