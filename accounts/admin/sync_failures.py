"""Sign-ups that were let through without an app user, with "try again"."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from accounts import services
from accounts.models import SyncFailure
from common.admin import ActionsMixin, BigListMixin, ReadOnlyMixin, action, badge, wide
from common.admin.actions import Deed
from common.errors import DomainError

_REASONS = {
    "email_held": "An app user with another id has the e-mail: see User IDs.",
    "email_of_deleted": "A deleted account's app user has the e-mail. The new one was made without it.",
    "id_held": "The app user of this id has somebody else's e-mail: see User IDs.",
    "55P03": "The database was busy: a sign-up does not wait.",
}


class StillInTheWay(DomainError):
    """It was tried again and did not work."""

    code = "still_in_the_way"
    status = 409


def _again(failure: SyncFailure) -> None:
    outcome = services.try_again(auth_id=failure.auth_id)
    if outcome != "resolved":
        raise StillInTheWay(_REASONS.get(outcome, outcome))


_AGAIN = Deed(
    act=_again,
    done="resolved.",
    question="Try to make or refresh the app user of this identity again?",
    button="Try again",
)


class OpenFilter(SimpleListFilter):
    """Open unless something else is chosen."""

    title = "state"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Open or resolved."""
        return [("yes", "Open"), ("no", "Resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SyncFailure]) -> QuerySet[SyncFailure]:
        """Those."""
        return queryset.filter(resolved_at__isnull=self.value() == "yes") if self.value() else queryset


@admin.register(SyncFailure)
class SyncFailureAdmin(ReadOnlyMixin, ActionsMixin, BigListMixin, ModelAdmin):
    """The trigger writes them, a sweep tries again, and so may a person."""

    list_display = ["id", "created_at", "auth_id", "is_open", "why", "attempts", "tried_at", "resolved_at"]
    list_filter = [OpenFilter, ("created_at", DateFieldListFilter)]
    list_filter_submit = True
    search_fields = ["auth_id__exact"]
    search_help_text = "A whole id"
    ordering = ["-id"]
    fields = [
        "auth_id",
        "is_open",
        "why",
        "code",
        "message",
        "source",
        "attempts",
        "created_at",
        "tried_at",
        "resolved_at",
    ]
    readonly_fields = ["is_open", "why"]
    actions = ["try_again"]
    actions_detail = ["try_this_again"]

    def has_again_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows cannot be edited; "try again" is what the right to change them allows."""
        return bool(getattr(request.user, "has_perm", lambda _: False)("accounts.change_syncfailure"))

    def is_useful(self, path: str, row: SyncFailure) -> bool:
        """As long as it is open."""
        return row.resolved_at is None

    @admin.display(description="State")
    def is_open(self, failure: SyncFailure) -> str:
        """In words and color."""
        return badge("resolved", "success") if failure.resolved_at else badge("open", "warning")

    @admin.display(description="Why")
    def why(self, failure: SyncFailure) -> str:
        """What is in the way."""
        return wide(_REASONS.get(failure.code, failure.message or failure.code))

    @action(description="Try again", permissions=["again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[SyncFailure]) -> None:
        """For the chosen ones."""
        self.do_all(request, queryset, _AGAIN)

    @action(description="Try again", permissions=["again"], url_path="again")
    def try_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, _AGAIN)
