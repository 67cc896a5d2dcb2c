"""The admin's side bar, in the order in which people think."""

from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.text import capfirst

from webhooks.models import Alarm

#: (icon, app label, model name) of each link, in groups. Its title is that of the page: the model's name.
_GROUPS = [
    [
        ("school", "workshops", "workshop"),
        ("how_to_reg", "workshops", "registration"),
        ("receipt_long", "workshops", "order"),
        ("storefront", "workshops", "productmapping"),
        ("upload_file", "workshops", "registrationimport"),
        ("sell", "workshops", "tag"),
        ("diversity_3", "workshops", "community"),
        ("forum", "whatsapp", "group"),
        ("link", "workshops", "workshopgroup"),
        ("person", "whatsapp", "groupmember"),
        ("sync", "whatsapp", "syncrun"),
        ("history", "whatsapp", "membershipevent"),
        ("smartphone", "whatsapp", "session"),
    ],
    [
        ("chat", "chat", "conversation"),
        ("contact_mail", "chat", "streamidentity"),
    ],
    [
        ("apartment", "organizations", "organization"),
        ("badge", "organizations", "membership"),
        ("key", "workshops", "sourcetoken"),
        ("sync_alt", "organizations", "reconcilerun"),
        ("group", "accounts", "appuser"),
        ("shield_person", "accounts", "staffuser"),
        ("fingerprint", "accounts", "syncstatus"),
        ("build", "accounts", "repair"),
        ("person_alert", "accounts", "syncfailure"),
    ],
    [
        ("notifications", "webhooks", "alarm"),
        ("inbox", "webhooks", "delivery"),
        ("block", "webhooks", "refusedcount"),
    ],
]


def icon(request: HttpRequest) -> str:
    """What a browser's tab shows."""
    return static("config/icon.svg")


def styles(request: HttpRequest) -> str:
    """What we add to unfold's own."""
    return static("config/admin.css")


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What the staff member may see."""
    allowed = [[link for link in group if _may_see(request, *link[1:])] for group in _GROUPS]
    home = {"title": "Overview", "icon": "monitoring", "link": reverse("admin:index")}
    groups = [{"separator": True, "items": [_item(*link) for link in group]} for group in allowed if group]
    waiting = {"title": "What waits", "icon": "hourglass_empty", "link": reverse("waiting")}
    return [{"items": [home, waiting]}, *groups]


def _may_see(request: HttpRequest, app: str, model: str) -> bool:
    user: Any = request.user
    return bool(user.has_perm(f"{app}.view_{model}") or user.has_perm(f"{app}.change_{model}"))


def _item(icon: str, app: str, model: str) -> dict[str, Any]:
    title = capfirst(apps.get_model(app, model)._meta.verbose_name_plural)
    item: dict[str, Any] = {"title": title, "icon": icon, "link": reverse(f"admin:{app}_{model}_changelist")}
    if model == "alarm" and (number := Alarm.objects.open().count()):
        item.update(badge=str(number), badge_variant="danger")
    return item
