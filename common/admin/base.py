"""The base of every admin of tenant rows."""

import zoneinfo
from datetime import UTC, tzinfo
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db import models
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from common.admin.actions import ActionsMixin
from common.admin.forms import ORGANIZATION, AutocompleteMixin, TenantForm
from common.admin.lists import BigListMixin
from common.errors import DomainError

#: What a search answers: rows, and whether they may repeat.
Found = tuple[QuerySet[Any], bool]


class TextInputsMixin:
    """Our TextFields are mostly one line long; those that are not stand in `long_texts`."""

    long_texts: tuple[str, ...] = ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """An input of one line; emptied, a column that may be NULL becomes NULL."""
        is_text = isinstance(db_field, models.TextField) and not db_field.choices
        if is_text:
            is_long = db_field.name in self.long_texts
            kwargs["widget"] = UnfoldAdminTextareaWidget({"rows": 4}) if is_long else UnfoldAdminTextInputWidget()
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # of the ModelAdmin beside it
        if field and is_text and db_field.null:
            field.empty_value = None
        return field


class ReadOnlyMixin:
    """Rows that only the product itself writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class TenantAdmin(ActionsMixin, AutocompleteMixin, TextInputsMixin, BigListMixin, ModelAdmin):
    """
    Rows of one organization.

    Lists are cheap at any size; keys stay inside the organization, which a row never leaves; times on a row's page
    are written and read in its organization's zone. A change writes the fields that changed and no others, for the
    product may be writing the rest at this moment.
    """

    form = TenantForm
    #: Keys whose rows are shown or named, beside the organization.
    related: tuple[str, ...] = ()
    list_filter_submit = True
    autocomplete_fields = [ORGANIZATION]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the organization and the `related` rows: `list_select_related` would not be heeded after this."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related(ORGANIZATION, *self.related)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """A row stays in its organization."""
        names = list(super().get_readonly_fields(request, obj))
        return [ORGANIZATION, *names] if obj else names

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> Found:
        """For an autocomplete, among the rows of one organization."""
        if is_autocomplete(request) and ORGANIZATION in request.GET:
            queryset = queryset.filter(organization_id=request.GET[ORGANIZATION])
        found: Found = super().get_search_results(request, queryset, term)
        return found

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """
        The page of one row, in the zone of its organization; rendered here, while that zone is set.

        What a form let pass and a rule refuses, because somebody else was quicker, is said.
        """
        with timezone.override(self._zone(request, object_id)):
            try:
                response: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
            except DomainError as error:
                self.message_user(request, f"{error.message} Nothing was saved.", messages.ERROR)
                return HttpResponseRedirect(request.path)
            return response.render() if isinstance(response, TemplateResponse) else response

    def _zone(self, request: HttpRequest, object_id: str | None) -> tzinfo:
        """Of the row's organization; of the chosen one when a new row is sent; UTC as long as there is none."""
        if object_id:
            row = self.get_object(request, unquote(object_id))
            organization = row.organization if row else None
        else:
            organizations = self.model._meta.get_field(ORGANIZATION).related_model._default_manager
            organization = organizations.filter(pk=request.POST.get(ORGANIZATION, "")).first()
        zone: zoneinfo.ZoneInfo | None = organization.zone if organization else None
        return zone or UTC

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new row whole; of an old one what the form changed."""
        if change:
            obj.save(update_fields=[*form.changed_data, *_stamps(obj)])
        else:
            super().save_model(request, obj, form, change)


def is_autocomplete(request: HttpRequest) -> bool:
    """Whether the request comes from an autocomplete field."""
    return request.resolver_match is not None and request.resolver_match.view_name == "admin:autocomplete"


def _stamps(row: Model) -> list[str]:
    return [field.name for field in row._meta.fields if getattr(field, "auto_now", False)]
