"""What waits, why, and when it goes on: one page over all organizations, each table by one bounded query."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Count, F, Min, Model, Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from common.admin import badge, link, wide
from webhooks.admin.deliveries import STATUS_COLORS as DELIVERY_COLORS
from webhooks.models import Delivery
from whatsapp.admin.sessions import STATUS_COLORS as SESSION_COLORS
from whatsapp.admin.sync_runs import STATUS_COLORS as SYNC_COLORS
from whatsapp.models import Session, SyncRun
from workshops.admin.communities import STATUS_COLORS as COMMUNITY_COLORS
from workshops.models import Community

TITLE = "What waits"
_MOST = 50
_Row = list[Any]
_UNFINISHED = [*Community.PENDING, Community.Status.CREATING, Community.Status.SKIPPED]
#: Of what a task was started for already, and of what a person has to start.
_NOW, _BY_A_PERSON = "now", "when a person says so"


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of `model`'s rows: `find` answers one more than are shown, if there are more."""

    title: str
    model: type[Model]
    headers: list[str]
    find: Callable[[], Iterable[_Row]]


def page(request: HttpRequest) -> HttpResponse:
    """Everything that waits, as far as the staff member may see it."""
    tables = [_shown(table) for table in _TABLES if _may_see(request, table.model)]
    context = {**admin.site.each_context(request), "title": TITLE, "tables": tables}
    request.current_app = admin.site.name  # read by the url tag
    return TemplateResponse(request, "workshops/waiting.html", context)


def _shown(table: _Table) -> dict[str, Any]:
    rows = list(table.find())
    return {
        "title": table.title,
        "data": {"headers": table.headers, "rows": rows[:_MOST]},
        "more": len(rows) > _MOST,
        "url": _url(table.model, "changelist"),
    }


def _may_see(request: HttpRequest, model: type[Model]) -> bool:
    user: Any = request.user
    return bool(user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"))


def _url(model: type[Model], where: str, *keys: Any) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{where}"
    return reverse(name, args=[quote(key) for key in keys])


def _to(row: Model, text: str) -> str:
    return link(_url(type(row), "change", row.pk), text)


def _when(moment: datetime | None) -> datetime | str:
    if moment is None:
        return _BY_A_PERSON
    return moment if moment > timezone.now() else _NOW


def _communities() -> Iterable[_Row]:
    unfinished = Community.objects.filter(status__in=_UNFINISHED).select_related("workshop", "organization")
    for community in unfinished.order_by(F("run_after").asc(nulls_last=True), "created_at")[: _MOST + 1]:
        status = badge(community.get_status_display(), COMMUNITY_COLORS[community.status])
        when = _when_community(community)
        yield [_to(community, community.title), community.organization, status, wide(community.reason), when]


def _when_community(community: Community) -> Any:
    if community.is_leased:
        return "a worker is at it"
    if community.run_after is None and community.status == Community.Status.WAITING:
        return "when its session is connected"
    return _when(community.run_after)


def _syncs() -> Iterable[_Row]:
    queued = SyncRun.objects.filter(status=SyncRun.Status.QUEUED).select_related("group", "organization")
    for run in queued.order_by(F("run_after").asc(nulls_last=True), "created_at")[: _MOST + 1]:
        status = badge(run.get_status_display(), SYNC_COLORS[run.status])
        why = wide(run.wait_reason or "It is in line.")
        yield [_to(run, str(run.group)), run.organization, status, why, _when(run.run_after or timezone.now())]


def _sessions() -> Iterable[_Row]:
    now = timezone.now()
    spacing = timedelta(seconds=settings.WHATSAPP_CREATE_SPACING_SECONDS)
    is_away = ~Q(status__in=[Session.Status.CONNECTED, Session.Status.LOGGED_OUT])
    is_held_up = Q(groups_not_before__gt=now) | ~Q(groups_reason="") | Q(last_create_at__gt=now - spacing)
    sessions = Session.objects.filter(is_away | is_held_up).select_related("organization")
    for session in sessions.order_by("organization", "pk")[: _MOST + 1]:
        status = badge(session.get_status_display(), SESSION_COLORS[session.status])
        reason, when = _held_up(session, spacing)
        yield [_to(session, str(session)), session.organization, status, wide(reason), when]


def _held_up(session: Session, spacing: timedelta) -> tuple[str, Any]:
    """Why a session does not do all it should now, and until when."""
    if not session.is_connected:
        return session.status_reason or "It is not connected.", "when it is connected"
    if session.groups_reason or session.groups_not_before:
        until = session.groups_not_before or session.groups_due_at or timezone.now()
        return session.groups_reason or "It is being asked for its groups.", _when(until)
    until = (session.last_create_at or timezone.now()) + spacing
    return "It has just created a community: numbers that create many quickly are banned.", _when(until)


def _deliveries() -> Iterable[_Row]:
    kinds = Delivery.objects.open().values("source", "status", "waits_for")
    counted = kinds.annotate(number=Count("pk"), oldest=Min("received_at"), next=Min("run_after"))
    statuses = Delivery.Status
    for found in counted.order_by("-number", "source", "status", "waits_for")[: _MOST + 1]:
        label = statuses(found["status"]).label
        url = f"{_url(Delivery, 'changelist')}?status__exact={found['status']}&source={found['source']}"
        what = link(url, f"{found['number']:,} of {found['source']}")
        why = wide(
            found["waits_for"]
            or ("It is in line." if found["status"] == statuses.RECEIVED else "It failed: see its error.")
        )
        yield [what, badge(label, DELIVERY_COLORS[found["status"]]), why, found["oldest"], _when(found["next"])]


_OF_ONE = ["organization", "state", "why", "goes on"]
_TABLES = [
    _Table("Communities", Community, ["community", *_OF_ONE], _communities),
    _Table("Member syncs", SyncRun, ["group", *_OF_ONE], _syncs),
    _Table("Sessions", Session, ["session", *_OF_ONE], _sessions),
    _Table("Webhooks", Delivery, ["deliveries", "state", "waiting for", "oldest", "next try"], _deliveries),
]
