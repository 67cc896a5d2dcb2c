"""Forms that keep every key inside its organization."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, RelatedFieldWidgetWrapper
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet

from common.tenancy import TenantModel

#: The autocomplete's parameter that names the organization to search in.
ORGANIZATION = "organization"


def is_tenant(model: Any) -> bool:
    """Whether rows of `model` belong to one organization."""
    return isinstance(model, type) and issubclass(model, TenantModel)


class OrganizationAutocomplete(AutocompleteSelect):
    """Searches among the rows of one organization; `wishes` say more to the admin that answers."""

    organization_id = ""
    wishes: Mapping[str, str] = {}

    def get_url(self) -> str:
        """The autocomplete's address, with the organization."""
        return f"{super().get_url()}?{urlencode({ORGANIZATION: self.organization_id, **self.wishes})}"


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """
    The form of a row of one organization: it offers and accepts only rows of the same one.

    Keys between tenant tables are checked at COMMIT, where a wrong one would be an error 500.
    """

    def __init__(self, *args: Any, organization_id: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if organization_id:
            self.instance.organization_id = organization_id
        own = self.instance.organization_id or self.data.get(self.add_prefix(ORGANIZATION), "")
        for field in self.fields.values():
            queryset = getattr(field, "queryset", None)
            if queryset is not None and is_tenant(queryset.model):
                _confine(field, queryset.filter(organization_id=own), own)

    def _get_validation_exclusions(self) -> set[str]:
        """Unique keys start with the organization, so they are checked with it although the form does not show it."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # not in the stubs
        return excluded if ORGANIZATION in self.fields else excluded - {ORGANIZATION}


def widget_of(field: Any) -> Any:
    """A field's own widget, out of the one that the admin puts around it."""
    return getattr(field.widget, "widget", field.widget)


def _confine(field: Any, queryset: QuerySet[Any], organization_id: str) -> None:
    field.queryset = queryset
    field.error_messages["invalid_choice"] = "Choose one that belongs to the same organization."
    widget = widget_of(field)
    if isinstance(widget, OrganizationAutocomplete):
        widget.organization_id = organization_id


class TenantFormSet(PaginationInlineFormSet):
    """Rows that belong where their parent does."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """The parent's organization."""
        kwargs: dict[str, Any] = super().get_form_kwargs(index)
        return {**kwargs, "organization_id": self.instance.organization_id or ""}


class AutocompleteMixin:
    """Foreign keys to tenant rows search in one organization."""

    admin_site: Any
    get_autocomplete_fields: Callable[[HttpRequest], Sequence[str]]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Our widget where Django would take its own."""
        is_ours = db_field.name in self.get_autocomplete_fields(request)
        if is_ours and is_tenant(db_field.related_model):
            kwargs["widget"] = OrganizationAutocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # of the ModelAdmin beside it

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Other rows are made and changed on their own pages."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # of the ModelAdmin beside it
        if isinstance(getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            for link in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
                setattr(field.widget, link, False)
        return field


class TenantInline(AutocompleteMixin, TabularInline):
    """Rows of one organization on the page of another such row."""

    model: type[Model]
    form = TenantForm
    formset = TenantFormSet
    extra = 0
