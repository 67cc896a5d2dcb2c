"""Files of registrations in the admin: uploaded, their columns checked, imported, reported row by row."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from common.admin import ReadOnlyMixin, TenantAdmin, TenantForm, action, actor, badge, link
from common.admin.actions import Deed
from common.errors import DomainError
from workshops import services
from workshops.models import ImportRow, RegistrationImport
from workshops.services import imports

_COLORS: dict[str, str] = {
    RegistrationImport.Status.DRAFT: "info",
    RegistrationImport.Status.QUEUED: "info",
    RegistrationImport.Status.RUNNING: "info",
    RegistrationImport.Status.DONE: "success",
    RegistrationImport.Status.FAILED: "danger",
    ImportRow.Outcome.REGISTERED: "success",
    ImportRow.Outcome.REPEATED: "info",
    ImportRow.Outcome.KNOWN: "info",
    ImportRow.Outcome.REFUSED: "danger",
}
_COLUMN = "column_"
_REFRESH_SECONDS = "3"


def _start(registration_import: RegistrationImport) -> None:
    services.start_import(registration_import=registration_import)


START = Deed(
    act=_start,
    done="started: this page says how far it is.",
    question="Import every row now? A name that is new may make its workshop, as an order would.",
    button="Import",
)


class UploadForm(TenantForm):
    """A new file."""

    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text="CSV or Excel (.xlsx), headers in the first row. Nothing is imported yet.",
    )  # fmt: skip

    class Meta:
        model = RegistrationImport
        fields = ["organization"]

    def clean(self) -> dict[str, Any]:
        """The file can be read."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if file := cleaned.get("file"):
            try:
                imports.open_sheet(file.read())
            except DomainError as error:
                self.add_error("file", error.message)
            file.seek(0)
        return cleaned


class ColumnsForm(TenantForm):
    """Which column holds what; a choice for each field."""

    class Meta:
        model = RegistrationImport
        fields = ["workshop"]
        help_texts = {"workshop": "Everybody in the file registers for it. Empty: a column names each one's workshop."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        headers = imports.open_sheet(bytes(self.instance.content)).headers
        named = [(str(number), name or f"column {number + 1}") for number, name in enumerate(headers)]
        for field in imports.FIELDS:
            choice: Any = self.fields[_COLUMN + field]
            choice.choices = [("", "not in the file"), *named]
            choice.initial = str(self.instance.columns.get(field, ""))

    @property
    def columns(self) -> dict[str, int]:
        """Field → column, as chosen."""
        chosen = {field: self.cleaned_data.get(_COLUMN + field) for field in imports.FIELDS}
        return {field: int(column) for field, column in chosen.items() if column}


def _choice(field: str) -> forms.ChoiceField:
    label = field.replace("_", " ").capitalize()
    return forms.ChoiceField(required=False, label=label, widget=UnfoldAdminSelectWidget)


#: With a choice for each field, declared where the admin looks for them; the headers are known once there is a file.
DraftForm = type("DraftForm", (ColumnsForm,), {_COLUMN + field: _choice(field) for field in imports.FIELDS})


@admin.register(RegistrationImport)
class RegistrationImportAdmin(TenantAdmin):
    """Files, how far each is, and what became of its rows."""

    list_display = ["file_name", "organization", "workshop", "state", "progress", "refusals", "created_at"]
    list_filter = ["status", ("organization", AutocompleteSelectFilter)]
    search_fields = ["file_name", "workshop__title"]
    search_help_text = "Part of a file's name or of a workshop's title"
    related = ("workshop",)
    ordering = ["-created_at"]
    autocomplete_fields = ["organization", "workshop"]
    actions_detail = ["start_this"]
    _facts = ["file_name", "state", "reason", "progress", "report", "requested_by", "created_at", "finished_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegistrationImport]:
        """A list does without the files themselves."""
        found = super().get_queryset(request)
        is_list = request.resolver_match is not None and str(request.resolver_match.url_name).endswith("changelist")
        return found.defer("content") if is_list else found

    def get_fieldsets(self, request: HttpRequest, obj: RegistrationImport | None = None) -> Any:
        """A file is chosen; then its columns; then it is what it is."""
        if obj is None:
            return [(None, {"fields": ["organization", "file"]})]
        if not self._is_draft(obj):
            return [(None, {"fields": ["organization", "workshop", *self._facts]})]
        columns = [_COLUMN + field for field in imports.FIELDS]
        text = "Save to see below what is read; then press Import."
        return [
            (None, {"fields": ["organization", "file_name", "state", "workshop"]}),
            ("Columns", {"fields": columns, "description": text}),
            ("The first rows", {"fields": ["preview"]}),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Of the step that it is at."""
        form = UploadForm if obj is None else DraftForm if self._is_draft(obj) else TenantForm
        return super().get_form(request, obj, change, form=form, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Once it has started, nothing can be changed."""
        names = super().get_readonly_fields(request, obj)
        if obj is None:
            return names
        return [*names, *self._facts, "preview", *([] if self._is_draft(obj) else ["workshop"])]

    def has_delete_permission(self, request: HttpRequest, obj: RegistrationImport | None = None) -> bool:
        """Of a draft: its rows are nowhere yet."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or self._is_draft(obj))

    def get_actions(self, request: HttpRequest) -> Any:
        """Not several at once."""
        return {}

    def is_useful(self, path: str, row: RegistrationImport) -> bool:
        """What has not been started, or failed."""
        return row.status in (RegistrationImport.Status.DRAFT, RegistrationImport.Status.FAILED)

    def save_model(self, request: HttpRequest, obj: RegistrationImport, form: Any, change: bool) -> None:
        """Keep the file, or the choice of columns."""
        if change and self._is_draft(obj):
            workshop = form.cleaned_data["workshop"]
            saved = services.change_columns(registration_import=obj, columns=form.columns, workshop=workshop)
            obj.columns = saved.columns
        elif not change:
            file = form.cleaned_data["file"]
            made = services.upload_import(
                organization=obj.organization, file_name=file.name, content=file.read(), requested_by=actor(request)
            )
            obj.pk, obj.file_name = made.pk, made.file_name

    def response_add(
        self, request: HttpRequest, obj: RegistrationImport, post_url_continue: Any = None
    ) -> HttpResponse:
        """On to the columns."""
        return HttpResponseRedirect(self.url_of("change", obj.pk))

    def response_change(self, request: HttpRequest, obj: RegistrationImport) -> HttpResponse:
        """Back to what is read now."""
        return HttpResponseRedirect(self.url_of("change", obj.pk))

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """While it runs, the page loads itself anew, so that its bar moves."""
        response = super().changeform_view(request, object_id, *args, **kwargs)
        under_way = [RegistrationImport.Status.QUEUED, RegistrationImport.Status.RUNNING]
        if object_id and request.method == "GET" and self._row(object_id).filter(status__in=under_way).exists():
            response["Refresh"] = _REFRESH_SECONDS
        return response

    def _row(self, object_id: str) -> QuerySet[RegistrationImport]:
        try:
            return RegistrationImport.objects.filter(pk=UUID(unquote(object_id)))
        except ValueError:
            return RegistrationImport.objects.none()

    @admin.display(description="State", ordering="status")
    def state(self, registration_import: RegistrationImport) -> str:
        """In words and color."""
        return badge(registration_import.get_status_display(), _COLORS[registration_import.status])

    @admin.display(description="Progress")
    def progress(self, registration_import: RegistrationImport) -> str:
        """A bar."""
        return render_to_string("workshops/progress.html", {"job": registration_import})

    @admin.display(description="Refused", ordering="refused")
    def refusals(self, registration_import: RegistrationImport) -> str:
        """How many rows, and the way to them."""
        rows = reverse("admin:workshops_importrow_changelist")
        where = f"{rows}?registration_import__id__exact={registration_import.pk}&outcome__exact=refused"
        return link(where, registration_import.refused) if registration_import.refused else "0"

    @admin.display(description="Row by row")
    def report(self, registration_import: RegistrationImport) -> str:
        """The counts, and the way to the rows."""
        counts = ", ".join(f"{getattr(registration_import, each)} {each}" for each in ImportRow.Outcome)
        rows = reverse("admin:workshops_importrow_changelist")
        return link(f"{rows}?registration_import__id__exact={registration_import.pk}", counts)

    @admin.display(description="As they are read")
    def preview(self, registration_import: RegistrationImport) -> str:
        """The first rows with the saved columns."""
        sheet, rows = services.preview_import(registration_import=registration_import)
        fields = [field for field in imports.FIELDS if field in registration_import.columns]
        shown = [(row.number, [row.values.get(field, "") for field in fields], row.problem) for row in rows]
        context = {"fields": fields, "rows": shown, "total": len(sheet.rows)}
        return render_to_string("workshops/import_preview.html", context)

    @action(description="Import", permissions=["change"], url_path="start")
    def start_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, START)

    def _is_draft(self, registration_import: RegistrationImport) -> bool:
        return registration_import.status == RegistrationImport.Status.DRAFT


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnlyMixin, TenantAdmin):
    """What became of each row."""

    list_display = ["number", "person", "state", "note", "registration_import"]
    list_filter = ["outcome", ("registration_import", AutocompleteSelectFilter)]
    search_fields = ["person"]
    related = ("registration_import",)
    ordering = ["registration_import", "number"]
    fields = ["organization", "registration_import", "number", "person", "state", "note"]
    readonly_fields = ["state"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRow]:
        """Without the files."""
        rows: QuerySet[ImportRow] = super().get_queryset(request).defer("registration_import__content")
        return rows

    @admin.display(description="Outcome", ordering="outcome")
    def state(self, row: ImportRow) -> str:
        """In words and color."""
        return badge(row.get_outcome_display(), _COLORS[row.outcome])
