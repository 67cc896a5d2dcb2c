"""Who is out of step with the identity provider, what a repair would move, and the repair."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import ModelAdmin

from accounts import services
from accounts.models import SyncStatus
from accounts.services import Strategy
from common.admin import ActionsMixin, BigListMixin, ReadOnlyMixin, action, actor, badge
from common.admin.actions import Deed
from common.errors import DomainError

State = SyncStatus.State
STATE_COLORS: dict[str, str] = {
    **dict.fromkeys(SyncStatus.AUTOMATIC, "danger"),
    State.SYNCED: "success",
    State.DELETED_IN_AUTH: "info",
    State.UNMATCHABLE: "info",
    State.ORPHAN_APP_USER: "info",
    State.AMBIGUOUS: "warning",
    State.TARGET_OCCUPIED: "warning",
}
_MERGES = {"merge-keep-auth": Strategy.KEEP_AUTH, "merge-keep-app": Strategy.KEEP_APP, "merge-newest": Strategy.NEWEST}
_QUESTION = "This is what would be done. Everybody who hangs together with the person is repaired at once. Do it?"
_MOST_DETAILS = 100


class NotRepaired(DomainError):
    """Nothing was done for this person."""

    code = "not_repaired"
    status = 409


def _deed(request: HttpRequest, strategy: str) -> Deed:
    def repair(row: SyncStatus) -> None:
        lines = services.repair(ids=[row.user_id], strategy=strategy, actor=actor(request), reason="admin")
        mine = next((line for line in lines if line.user_id == row.user_id), None)
        if mine and not mine.is_repaired:
            raise NotRepaired(mine.message)
        if mine is None and (person := _person(row.user_id)) and person.state != State.SYNCED:
            raise NotRepaired(person.why)

    return Deed(act=repair, done="in step now: see Repairs.", question=_QUESTION, button="Repair")


def _person(user_id: str) -> services.Person | None:
    return next((each for each in services.look_at(ids=[user_id]) if each.user_id == user_id), None)


def _person_of(row: SyncStatus) -> services.Person | None:
    """Looked at once for a row: its page asks for many things, and each of them several times."""
    if "person" not in row.__dict__:
        row.__dict__["person"] = _person(row.user_id)
    found: services.Person | None = row.__dict__["person"]
    return found


def _would_do(person: services.Person) -> str:
    """One line: which id becomes which, and how many rows follow."""
    rows = ", ".join(f"{number} in {place}" for place, number in person.places.items()) or "no rows point at it"
    if person.state in (State.ID_MISMATCH, State.SWAPPED, State.TARGET_OCCUPIED):
        return f"The id {person.app_id or 'of nobody'} becomes {person.auth_id}: {rows}."
    if person.state == State.EMAIL_DRIFT:
        return f"The e-mail {person.app_email or 'nothing'} becomes {person.auth_email}."
    if person.state == State.MISSING_APP_USER:
        return "An app user is made."
    return "Nothing." if person.state == State.SYNCED else person.why


def _counted(request: HttpRequest) -> dict[str, int]:
    """People by state, counted once for a request."""
    if "state_counts" not in request.__dict__:
        counted = SyncStatus.objects.order_by().values_list("state").annotate(number=Count("pk"))
        request.__dict__["state_counts"] = dict(counted)
    found: dict[str, int] = request.__dict__["state_counts"]
    return found


class SignedUpFilter(SimpleListFilter):
    """Sign-ups of late."""

    title = "signed up"
    parameter_name = "signed_up"
    _AGES = {"24h": timedelta(hours=24), "7d": timedelta(days=7)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Two ages."""
        return [("24h", "Last 24 hours"), ("7d", "Last 7 days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SyncStatus]) -> QuerySet[SyncStatus]:
        """Since then."""
        age = self._AGES.get(self.value() or "")
        return queryset.filter(created_at__gte=timezone.now() - age) if age else queryset


@admin.register(SyncStatus)
class SyncStatusAdmin(ReadOnlyMixin, ActionsMixin, BigListMixin, ModelAdmin):
    """Everybody, each in exactly one state."""

    list_display = ["user_id", "in_state", "auth_email", "app_email", "app_id", "occupant_id", "created_at"]
    list_display_links = ["user_id"]
    list_filter = ["state", SignedUpFilter]
    list_filter_submit = True
    list_before_template = "accounts/state_counts.html"
    search_fields = ["user_id__exact", "app_id__exact", "auth_email__iexact", "app_email__iexact"]
    search_help_text = "A whole id or e-mail"
    ordering = ["user_id"]
    fieldsets = [
        (None, {"fields": ["in_state", "why", "would_do"]}),
        ("Identity", {"fields": ["auth_id", "auth_email"]}),
        ("App user", {"fields": ["app_id", "app_email", "rows", "occupant_id"]}),
        ("Times", {"fields": ["created_at"]}),
    ]
    readonly_fields = ["in_state", "why", "would_do", "rows"]
    actions = ["repair_chosen"]
    actions_detail = [
        "repair_this", {"title": "Merge", "items": ["merge_keeping_auth", "merge_keeping_app", "merge_newest"]},
    ]  # fmt: skip

    def has_repair_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows cannot be edited; repairing is what the right to change them allows."""
        return bool(getattr(request.user, "has_perm", lambda _: False)("accounts.change_syncstatus"))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> SyncStatus | None:
        """Without the view, which looks at everybody."""
        return SyncStatus.objects.look_up(object_id)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """With the number of people in each state."""
        counted = _counted(request)
        counts = [(state, counted.get(state, 0), STATE_COLORS[state]) for state in State]
        return super().changelist_view(request, {**(extra_context or {}), "state_counts": counts})

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any) -> Any:
        """How many everybody are, and those in one state, is known already."""
        paginator = super().get_paginator(request, queryset, per_page, *args, **kwargs)
        asked = request.GET.keys() - {PAGE_VAR, ORDER_VAR}
        if not asked:
            paginator.count = sum(_counted(request).values())
        elif asked == {"state__exact"}:
            states = set(request.GET.getlist("state__exact"))
            paginator.count = sum(_counted(request).get(state, 0) for state in states)
        return paginator

    def is_useful(self, path: str, row: SyncStatus) -> bool:
        """A merge only where another app user has the right id; a repair where it is automatic."""
        if path in _MERGES:
            return row.state == State.TARGET_OCCUPIED and row.ending == "merge"
        return row.state in SyncStatus.AUTOMATIC

    @admin.display(description="State", ordering="state")
    def in_state(self, row: SyncStatus) -> str:
        """In words and color."""
        return badge(State(row.state).label, STATE_COLORS[row.state])

    @admin.display(description="Why")
    def why(self, row: SyncStatus) -> str:
        """What is wrong, in words."""
        person = _person_of(row)
        return person.why if person else ""

    @admin.display(description="A repair would do this")
    def would_do(self, row: SyncStatus) -> str:
        """What it would move."""
        person = _person_of(row)
        return _would_do(person) if person else ""

    @admin.display(description="Rows that point at it")
    def rows(self, row: SyncStatus) -> str:
        """By place."""
        person = _person_of(row)
        return ", ".join(f"{number} in {place}" for place, number in person.places.items()) if person else ""

    @action(description="Repair … (shows first what would be done)", permissions=["repair"])
    def repair_chosen(self, request: HttpRequest, queryset: QuerySet[SyncStatus]) -> HttpResponse | None:
        """A dry run of the chosen ones; then, once confirmed, the repair."""
        if "confirmed" in request.POST:
            self.do_all(request, queryset, _deed(request, Strategy.REFUSE))
            return None
        chosen = list(queryset.filter(state__in=SyncStatus.AUTOMATIC)[:_MOST_DETAILS])
        if not chosen:
            self.message_user(request, "None of these can be repaired without a decision.", messages.WARNING)
            return None
        return self._dry_run(request, chosen, action="repair_chosen")

    @action(description="Repair …", permissions=["repair"], url_path="repair")
    def repair_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self._one(request, object_id, Strategy.REFUSE)

    @action(description="Keep what the identity's id has …", permissions=["repair"], url_path="merge-keep-auth")
    def merge_keeping_auth(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Where only one may stay, what is under the identity's id does."""
        return self._one(request, object_id, Strategy.KEEP_AUTH)

    @action(description="Keep what the other id has …", permissions=["repair"], url_path="merge-keep-app")
    def merge_keeping_app(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Where only one may stay, what is under the other id does."""
        return self._one(request, object_id, Strategy.KEEP_APP)

    @action(description="Keep what is newest …", permissions=["repair"], url_path="merge-newest")
    def merge_newest(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Where only one may stay, what was changed last does."""
        return self._one(request, object_id, Strategy.NEWEST)

    def _one(self, request: HttpRequest, object_id: str, strategy: str) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if request.method != "POST" and row:
            return self._dry_run(request, [row], back=self.url_of("change", object_id))
        return self.do_one(request, object_id, _deed(request, strategy))

    def _dry_run(self, request: HttpRequest, rows: Sequence[SyncStatus], **where: Any) -> HttpResponse:
        people = services.look_at(ids=[row.user_id for row in rows])
        touched = [person for person in people if person.state in services.repairable(Strategy.NEWEST)]
        details = [(person.auth_email or person.user_id, _would_do(person)) for person in touched[:_MOST_DETAILS]]
        return self.ask(
            request,
            title="What a repair would do",
            question=_QUESTION,
            button="Repair",
            details=details,
            rows=rows,
            **where,
        )
