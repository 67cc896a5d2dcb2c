"""Sessions in the admin."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldAdminSelectWidget

from common.admin import TenantAdmin, action, badge, link
from common.admin.actions import Deed
from organizations.models import Organization
from whatsapp import services
from whatsapp.admin import qr
from whatsapp.models import GroupSession, Session

STATUS_COLORS: dict[str, str] = {
    Session.Status.CONNECTING: "info",
    Session.Status.QR_PENDING: "info",
    Session.Status.CONNECTED: "success",
    Session.Status.DISCONNECTED: "danger",
    Session.Status.LOGGED_OUT: "danger",
}


#: For so many organizations at once is said what was skipped.
_MOST_OFFERS = 10


def _choose(session: Session) -> None:
    services.choose_community_session(session=session)


CHOOSE = Deed(
    act=_choose,
    done="chosen: it creates its organization's communities from now on.",
    question="Let this number create its organization's communities from now on?",
    button="Choose for communities",
)


def _sync_groups(session: Session) -> None:
    services.request_group_list(session=session)


SYNC_GROUPS = Deed(
    act=_sync_groups,
    done="asked for its groups; one that is not connected is asked when it is.",
    question="Ask this number for its groups now?",
    button="Sync groups now",
)


def _connect(session: Session) -> None:
    services.reconnect_session(session=session)


def _disconnect(session: Session) -> None:
    services.disconnect_session(session=session)


CONNECT = Deed(
    act=_connect,
    done="being connected: it may show a new QR code.",
    question="Connect this number again? It may have to scan a new QR code.",
    button="Connect again",
)
DISCONNECT = Deed(
    act=_disconnect,
    done="logged out.",
    question="Log this number out? Its work waits until it is connected again, with a new QR code.",
    button="Log out",
)


_NEXT = (
    "Once it is saved, its page shows a QR code: scan it with the phone that has the number (WhatsApp, Linked devices)."
)
_STATE = ["state", "status_reason", "is_chosen", "qr_frame"]


@admin.register(Session)
class SessionAdmin(TenantAdmin):
    """WhatsApp numbers. Their state is the gateway's; a new one is connected by a task and then by its QR code."""

    list_display = ["__str__", "organization", "full_phone", "state", "is_chosen", "groups", "last_seen_at"]
    list_filter = ["status", ("organization", AutocompleteSelectFilter)]
    search_fields = ["label", "full_phone__startswith", "gateway_session_id"]
    search_help_text = "Part of a label, the beginning of a number, or the gateway's own id"
    ordering = ["organization", "id"]
    fieldsets = [
        (None, {"fields": ["organization", "label", "gateway"]}),
        ("State", {"fields": _STATE}),
        ("Groups", {"fields": ["groups", "groups_synced_at", "groups_reason", "groups_due_at"]}),
        ("Number", {"fields": ["full_phone", "lid", "gateway_session_id"]}),
        ("Times", {"fields": ["created_at", "connection_changed_at", "last_seen_at", "last_event_at"]}),
        ("Alarm", {"fields": ["silence_hours"]}),
    ]
    readonly_fields = [
        "state", "status_reason", "is_chosen", "qr_frame", "groups", "full_phone", "lid", "gateway_session_id",
        "groups_synced_at", "groups_reason", "groups_due_at", "created_at",
        "connection_changed_at", "last_seen_at", "last_event_at",
    ]  # fmt: skip
    actions = ["choose_for_communities", "sync_groups_now"]
    actions_detail = ["choose_this", "sync_groups_of_this", "connect_this", "disconnect_this"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """With the number of groups, and whether it is its organization's choice."""
        seen = GroupSession.objects.filter(organization=OuterRef("organization"), session=OuterRef("pk")).order_by()
        counted = Subquery(seen.values("session").annotate(number=Count("pk")).values("number"))
        chosen = Organization.objects.filter(pk=OuterRef("organization"), community_session=OuterRef("pk"))
        sessions: QuerySet[Session] = super().get_queryset(request)
        return sessions.annotate(chosen=Exists(chosen), group_count=Coalesce(counted, 0))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """One of the gateways that the settings name."""
        if db_field.name != "gateway":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        names = sorted(settings.WHATSAPP_GATEWAYS)
        return forms.ChoiceField(choices=[(name, name) for name in names], widget=UnfoldAdminSelectWidget)

    def get_fieldsets(self, request: HttpRequest, obj: Session | None = None) -> Any:
        """A new one has no state yet, and most have no QR code."""
        if obj is None:
            return [(None, {**self.fieldsets[0][1], "description": _NEXT})]
        if obj.status in (Session.Status.CONNECTING, Session.Status.QR_PENDING):
            return self.fieldsets
        without = [name for name in _STATE if name != "qr_frame"]
        return [(title, {"fields": without} if title == "State" else facts) for title, facts in self.fieldsets]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A number stays on its gateway."""
        names = super().get_readonly_fields(request, obj)
        return [*names, "gateway"] if obj else names

    def save_model(self, request: HttpRequest, obj: Session, form: Any, change: bool) -> None:
        """A new one is connected by a task."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made = services.create_session(organization_id=obj.organization_id, label=obj.label, gateway=obj.gateway)
        obj.pk, obj.gateway_session_id = made.pk, made.gateway_session_id

    @admin.display(description="Status", ordering="status")
    def state(self, session: Session) -> str:
        """In words and color."""
        return badge(session.get_status_display(), STATUS_COLORS[session.status])

    @admin.display(description="Creates communities")
    def is_chosen(self, session: Any) -> str:
        """Marked when its organization's communities come from it."""
        return badge("chosen", "info") if session.chosen else ""

    @admin.display(description="Groups", ordering="group_count")
    def groups(self, session: Any) -> int:
        """How many groups it is in, as its latest list said."""
        return int(session.group_count)

    @admin.display(description="QR code")
    def qr_frame(self, session: Session) -> str:
        """A frame that renews itself: codes expire within a minute."""
        return format_html('<iframe src="{}" width="320" height="360"></iframe>', self.url_of("qr", session.pk))

    def get_urls(self) -> list[Any]:
        """With that of the frame."""
        view = self.admin_site.admin_view(self.qr_view)
        return [path("<path:object_id>/qr", view, name="whatsapp_session_qr"), *super().get_urls()]

    def qr_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The frame's content: whoever scans the code has the number, so it is for those who may connect it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        session = self.get_object(request, unquote(object_id))
        if session is None:
            raise Http404
        return qr.framed(request, session)

    def is_useful(self, path: str, row: Any) -> bool:
        """A session is chosen once it is connected, connected when it is not, and logged out when it is."""
        is_idle = row.status in (Session.Status.DISCONNECTED, Session.Status.LOGGED_OUT)
        return {"choose": row.is_connected and not row.chosen, "connect": is_idle, "disconnect": not is_idle}.get(
            path, True
        )

    @action(description="Choose for communities", permissions=["change"])
    def choose_for_communities(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """One per organization."""
        organizations = queryset.order_by().values("organization")
        if organizations.annotate(number=Count("pk")).filter(number__gt=1).exists():
            text = "Choose one session of each organization. Nothing was done."
            self.message_user(request, text, messages.ERROR)
            return
        chosen = list(queryset.values_list("organization_id", flat=True)[:_MOST_OFFERS])
        self.do_all(request, queryset, CHOOSE)
        for organization_id in chosen:
            self._offer_skipped(request, organization_id)

    @action(description="Choose for communities", permissions=["change"], url_path="choose")
    def choose_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        answer = self.do_one(request, object_id, CHOOSE)
        session = self.get_object(request, unquote(object_id))
        if request.method == "POST" and session is not None and session.chosen:
            self._offer_skipped(request, session.organization_id)
        return answer

    def _offer_skipped(self, request: HttpRequest, organization_id: str) -> None:
        """What was skipped for want of a number can be created now."""
        for skipped in services.skipped_communities(organization_id=organization_id):
            were = "1 community was" if skipped.number == 1 else f"{skipped.number} communities were"
            text = f"{were} skipped while no number was chosen. Create what was skipped."
            self.message_user(request, link(skipped.page, text), messages.WARNING)

    @action(description="Connect again", permissions=["change"], url_path="connect")
    def connect_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A number that is disconnected or logged out."""
        return self.do_one(request, object_id, CONNECT)

    @action(description="Log out", permissions=["change"], url_path="disconnect")
    def disconnect_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A number that is not to be used any more."""
        return self.do_one(request, object_id, DISCONNECT)

    @action(description="Sync groups now", permissions=["change"])
    def sync_groups_now(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """For every chosen number."""
        self.do_all(request, queryset, SYNC_GROUPS)

    @action(description="Sync groups now", permissions=["change"], url_path="sync-groups")
    def sync_groups_of_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, SYNC_GROUPS)
