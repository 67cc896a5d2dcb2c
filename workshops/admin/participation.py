"""Who registered and who is in the group, on the page of a workshop and on a page for each bucket."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import formats, timezone
from rest_framework.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from common.admin import ActionsMixin, badge
from common.pagination import decode_cursor, encode_cursor
from workshops.models import Workshop
from workshops.services import participation
from workshops.services.participation import Bucket, Match, Page, Participation, People, Person
from workshops.views.participation import sheet_response

_PAGE = 50
_TITLES: dict[str, str] = {
    Bucket.REGISTERED: "Registered",
    Bucket.IN_GROUP: "In group",
    Bucket.MISSING: "Missing",
    Bucket.LEFT: "Left",
    Bucket.UNREGISTERED: "Unregistered",
    Bucket.HIDDEN: "Hidden",
}
_HEADERS = ["name", "phone", "phone in the group", "e-mail", "registered", "joined", "left", "match"]
_COLORS: dict[str, str] = {Match.STRONG: "success", Match.WEAK: "warning"}
_ORDERINGS = {
    "": "Newest first", "name": "By name", "-name": "By name, backwards", "email": "By e-mail", "phone": "By phone",
    "registered_at": "First registered", "-registered_at": "Last registered", "joined_at": "First joined",
    "-joined_at": "Last joined", "left_at": "First left", "-left_at": "Last left",
}  # fmt: skip


class PeopleForm(forms.Form):
    """Whom to list, and in which order."""

    search = forms.CharField(
        required=False, max_length=100,
        widget=UnfoldAdminTextInputWidget({"placeholder": "Part of a name, an e-mail or a phone", "type": "search"}),
    )  # fmt: skip
    match = forms.ChoiceField(
        required=False, widget=UnfoldAdminSelectWidget,
        choices=[("", "Matched or not"), *Match.choices, ("none", "Not matched")],
    )  # fmt: skip
    ordering = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget, choices=list(_ORDERINGS.items()))


class ParticipationPages(ActionsMixin):
    """The six numbers on a workshop's page, each with the way to its people."""

    has_view_permission: Any

    def get_urls(self) -> list[Any]:
        """With a page and a sheet for each bucket."""
        people, sheet = self.admin_site.admin_view(self.people_page), self.admin_site.admin_view(self.sheet)
        own = [
            path("<path:object_id>/people/<slug:bucket>/", people, name="workshops_workshop_people"),
            path("<path:object_id>/people/<slug:bucket>.csv", sheet, name="workshops_workshop_sheet"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]  # a ModelAdmin's

    @admin.display(description="Now")
    def participation(self, workshop: Workshop) -> str:
        """The six numbers, and the two rates."""
        counts = participation.count_people(workshop=workshop)
        context = {"counts": counts, "buckets": _buckets(workshop, counts), "rates": _rates(counts)}
        return render_to_string("workshops/participation.html", context)

    def people_page(self, request: HttpRequest, object_id: str, bucket: str) -> HttpResponse:
        """The people of a bucket, by pages; a page that is not ours leads to the first one."""
        workshop, form = self._workshop(request, object_id, bucket), PeopleForm(request.GET)
        if not form.is_valid():
            return HttpResponseRedirect(request.path)
        cursor = request.GET.get("cursor", "")
        people = People(workshop, bucket, **form.cleaned_data)
        try:
            page = participation.list_people(people, after=decode_cursor(cursor) if cursor else None, limit=_PAGE)
        except (ValidationError, participation.CursorUnknown):
            return HttpResponseRedirect(request.path)
        with timezone.override(workshop.organization.zone):
            context = {**_people_context(people, page, form), "form": form, "is_first": not cursor}
            return self._render(request, workshop, context).render()

    def _render(self, request: HttpRequest, workshop: Workshop, context: dict[str, Any]) -> TemplateResponse:
        own = {"opts": self.opts, "back": self.url_of("change", workshop.pk)}
        request.current_app = self.admin_site.name  # read by the url tag
        return TemplateResponse(
            request, "workshops/people.html", {**self.admin_site.each_context(request), **own, **context}
        )

    def sheet(self, request: HttpRequest, object_id: str, bucket: str) -> StreamingHttpResponse | HttpResponseRedirect:
        """The same people as CSV, all of them."""
        workshop, form = self._workshop(request, object_id, bucket), PeopleForm(request.GET)
        if not form.is_valid():
            return HttpResponseRedirect(request.path)
        return sheet_response(People(workshop, bucket, **form.cleaned_data))

    def _workshop(self, request: HttpRequest, object_id: str, bucket: str) -> Workshop:
        workshop: Workshop | None = self.get_object(request, unquote(object_id))
        if workshop is None or bucket not in Bucket.values:
            raise Http404
        if not self.has_view_permission(request, workshop):
            raise PermissionDenied
        return workshop


def _people_context(people: People, page: Page, form: PeopleForm) -> dict[str, Any]:
    """What the page of a bucket says, in the zone that is set."""
    workshop, wishes = people.workshop, {name: value for name, value in form.cleaned_data.items() if value}
    return {
        "title": f"{workshop}: {_TITLES[people.bucket].lower()}",
        "buckets": _buckets(workshop, participation.count_people(workshop=workshop)),
        "bucket": people.bucket,
        "explained": Bucket(people.bucket).label,
        "table": {"headers": _HEADERS, "rows": [_row(person) for person in page.people]},
        "sheet": f"{_url('sheet', workshop, people.bucket)}?{urlencode(wishes)}",
        "next": urlencode({**wishes, "cursor": encode_cursor(*page.next)}) if page.next else "",
    }


def _url(page: str, workshop: Workshop, bucket: str) -> str:
    return reverse(f"admin:workshops_workshop_{page}", args=[workshop.pk, bucket])


def _buckets(workshop: Workshop, counts: Participation) -> list[dict[str, Any]]:
    return [
        {"name": name, "title": title, "number": getattr(counts, name), "url": _url("people", workshop, name)}
        for name, title in _TITLES.items()
    ]


def _rates(counts: Participation) -> list[tuple[str, str]]:
    rates = [
        ("Matched / registered", counts.matched_of_registered),
        ("In group / registered", counts.in_group_of_registered),
    ]
    return [(title, "" if rate is None else f"{rate:.1%}") for title, rate in rates]


def _row(person: Person) -> list[Any]:
    times = (person.registered_at, person.joined_at, person.left_at)
    match = badge(person.match, _COLORS[person.match]) if person.match else ""
    name = f"{person.name} (admin)".strip() if person.is_admin else person.name
    return [name, person.phone, person.group_phone, person.email, *map(_shown, times), match]


def _shown(moment: Any) -> str:
    return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment else ""
