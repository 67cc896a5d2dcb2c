"""The admin's first page: what is out of step, each number by one cheap query."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from webhooks.models import Alarm
from whatsapp.admin.sessions import STATUS_COLORS as SESSION_COLORS
from whatsapp.admin.sync_runs import STATUS_COLORS as SYNC_COLORS
from whatsapp.models import Session, SyncRun
from workshops.admin.communities import STATUS_COLORS as COMMUNITY_COLORS
from workshops.models import Community

_NOT_READY = [status for status in Community.Status if status != Community.Status.READY]
_TROUBLED = [SyncRun.Status.SUSPICIOUS, SyncRun.Status.FAILED]
_AWAY = [Session.Status.DISCONNECTED, Session.Status.LOGGED_OUT]


def numbers(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the staff member may see: alarms, communities not ready, troubled syncs of 7 days, sessions away."""
    since = timezone.now() - timedelta(days=7)
    communities = Community.objects.filter(status__in=_NOT_READY)
    runs = SyncRun.objects.filter(status__in=_TROUBLED, created_at__gte=since)
    sessions = Session.objects.filter(status__in=_AWAY)
    cards: list[tuple[str, QuerySet[Any], dict[Any, str], dict[str, str]]] = [
        ("Communities that are not ready", communities, COMMUNITY_COLORS, {}),
        ("Syncs in trouble, last 7 days", runs, SYNC_COLORS, {"created_at__gte": since.isoformat()}),
        ("Sessions that are away", sessions, SESSION_COLORS, {}),
    ]
    shown = [_card(*card) for card in cards if _may_see(request, card[1].model)]
    return {**context, "cards": [_alarms(), *shown] if _may_see(request, Alarm) else shown}


def _alarms() -> dict[str, Any]:
    """How many are open, and how many of them nobody has acknowledged."""
    url = reverse("admin:webhooks_alarm_changelist")
    unseen = Count("pk", filter=Q(acknowledged_at=None))
    found = Alarm.objects.open().aggregate(new=unseen, known=Count("pk") - unseen)
    lines = [("new", "new", "danger", "new"), ("known", "acknowledged", "warning", "open")]
    return {
        "title": "Open alarms",
        "numbers": [
            {"number": found[name], "label": label, "color": color, "url": f"{url}?state={state}"}
            for name, label, color, state in lines if found[name]
        ],
    }  # fmt: skip


def _may_see(request: HttpRequest, model: Any) -> bool:
    user: Any = request.user
    meta = model._meta
    return bool(user.has_perm(f"{meta.app_label}.view_{meta.model_name}"))


def _card(title: str, rows: QuerySet[Any], colors: dict[Any, str], also: dict[str, str]) -> dict[str, Any]:
    """Numbers by status, each with the way to its rows."""
    meta, statuses = rows.model._meta, rows.model.Status
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    counted = rows.order_by().values_list("status").annotate(number=Count("pk")).order_by("-number", "status")
    return {
        "title": title,
        "numbers": [
            {
                "number": number,
                "label": statuses(status).label,
                "color": colors[status],
                "url": f"{url}?{urlencode({'status__exact': status, **also})}",
            }
            for status, number in counted
        ],
    }
