"""The admin's side bar, in the order in which people think."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from webhooks.models import Alarm

#: (title, icon, app label, model name) of each link, in groups.
_GROUPS = [
    [
        ("Workshops", "school", "workshops", "workshop"),
        ("Registrations", "how_to_reg", "workshops", "registration"),
        ("Orders", "receipt_long", "workshops", "order"),
        ("What is sold", "storefront", "workshops", "productmapping"),
        ("Imports", "upload_file", "workshops", "registrationimport"),
        ("Tags", "sell", "workshops", "tag"),
        ("Communities", "diversity_3", "workshops", "community"),
        ("Groups", "forum", "whatsapp", "group"),
        ("Workshop groups", "link", "workshops", "workshopgroup"),
        ("Members", "person", "whatsapp", "groupmember"),
        ("Syncs", "sync", "whatsapp", "syncrun"),
        ("Membership changes", "history", "whatsapp", "membershipevent"),
        ("Sessions", "smartphone", "whatsapp", "session"),
    ],
    [
        ("Conversations", "chat", "chat", "conversation"),
        ("People in Stream", "contact_mail", "chat", "streamidentity"),
    ],
    [
        ("Organizations", "apartment", "organizations", "organization"),
        ("Memberships", "badge", "organizations", "membership"),
        ("URLs for orders", "key", "workshops", "sourcetoken"),
        ("Mirror of Clerk", "sync_alt", "organizations", "reconcilerun"),
        ("People", "group", "accounts", "appuser"),
        ("Staff", "shield_person", "accounts", "staffuser"),
        ("User IDs", "fingerprint", "accounts", "syncstatus"),
        ("Repairs of user IDs", "build", "accounts", "repair"),
        ("Sign-up failures", "person_alert", "accounts", "syncfailure"),
    ],
    [
        ("Alarms", "notifications", "webhooks", "alarm"),
        ("Webhooks", "inbox", "webhooks", "delivery"),
        ("Refused webhooks", "block", "webhooks", "refusedcount"),
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
    allowed = [[link for link in group if _may_see(request, *link[2:])] for group in _GROUPS]
    home = {"title": "Overview", "icon": "monitoring", "link": reverse("admin:index")}
    groups = [{"separator": True, "items": [_item(*link) for link in group]} for group in allowed if group]
    waiting = {"title": "What waits", "icon": "hourglass_empty", "link": reverse("waiting")}
    return [{"items": [home, waiting]}, *groups]


def _may_see(request: HttpRequest, app: str, model: str) -> bool:
    user: Any = request.user
    return bool(user.has_perm(f"{app}.view_{model}") or user.has_perm(f"{app}.change_{model}"))


def _item(title: str, icon: str, app: str, model: str) -> dict[str, Any]:
    item: dict[str, Any] = {"title": title, "icon": icon, "link": reverse(f"admin:{app}_{model}_changelist")}
    if model == "alarm" and (number := Alarm.objects.open().count()):
        item.update(badge=str(number), badge_variant="danger")
    return item
