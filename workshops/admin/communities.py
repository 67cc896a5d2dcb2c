"""Communities in the admin: how far each is, and "again"."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path
from unfold.admin import StackedInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from common.admin import ReadOnlyMixin, TenantAdmin, TenantForm, action, actor, badge, link, moment, wide
from common.admin.actions import Deed
from common.errors import DomainError
from organizations.models import Organization
from workshops import services
from workshops.models import Community

STATUS_COLORS: dict[str, str] = {
    Community.Status.QUEUED: "info",
    Community.Status.CREATING: "info",
    Community.Status.READY: "success",
    Community.Status.PARTIAL: "warning",
    Community.Status.SKIPPED: "warning",
    Community.Status.WAITING: "warning",
    Community.Status.UNKNOWN: "danger",
    Community.Status.FAILED: "danger",
    Community.Status.UNLINKED: "warning",
}


def _retry(community: Community) -> None:
    services.retry_community(community=community)


RETRY = Deed(
    act=_retry,
    done="queued again.",
    question="Try again? What may exist in WhatsApp already is looked up, never created twice.",
    button="Create community again",
)


def _create_anew(community: Community) -> None:
    services.retry_community(community=community, is_anew=True)


ANEW = Deed(
    act=_create_anew,
    done="queued to be created anew.",
    question="Create it anew? An earlier request may have created one that nobody knows of: first look in WhatsApp.",
    button="Create anew",
)


def _forget(community: Community) -> None:
    services.delete_community(community=community)


FORGET = Deed(
    act=_forget,
    done="deleted.",
    question="Delete this community here? What exists of it stays in WhatsApp.",
    button="Delete",
)


_STANDALONE = (
    "A community of no workshop: each workshop gets its own by itself. The WhatsApp number that its organization has "
    "chosen for communities creates it; its page says how far that is."
)


class CommunityColumns:
    """How a community is shown."""

    @admin.display(description="Status", ordering="status")
    def state(self, community: Community) -> str:
        """In words and color."""
        return badge(community.get_status_display(), STATUS_COLORS[community.status])

    @admin.display(description="Reason")
    def why(self, community: Community) -> str:
        """Why it is not ready, in words."""
        return wide(community.reason)

    @admin.display(description="Invite link")
    def invitation(self, community: Community) -> str:
        """To be clicked and copied."""
        return link(community.invite_link, community.invite_link) if community.invite_link else ""

    @admin.display(description="Admins not invited")
    def not_invited(self, community: Community) -> str:
        """To be sent the invite link by a person."""
        return ", ".join(community.uninvited_admins)

    @admin.display(description="Next try at")
    def next_try(self, community: Community) -> str:
        """When it goes on by itself; nothing: not by itself."""
        return moment(community.run_after)


class CommunityInline(CommunityColumns, ReadOnlyMixin, StackedInline):
    """The community on its workshop's page."""

    model = Community
    fields = ["state", "reason", "invitation", "next_try", "name", "session", "ready_at"]
    readonly_fields = fields
    can_delete = False
    hide_title = True
    verbose_name_plural = "community"


class KindFilter(admin.SimpleListFilter):
    """Communities of workshops, and standalone ones."""

    title = "kind"
    parameter_name = "standalone"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two kinds."""
        return [("no", "Of a workshop"), ("yes", "Standalone")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """By whether there is a workshop."""
        return queryset.filter(workshop__isnull=self.value() == "yes") if self.value() in ("no", "yes") else queryset


class CommunityForm(TenantForm):
    """A standalone community to be created."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "wished_name" in self.fields:
            self.fields["wished_name"].required = True

    def clean(self) -> dict[str, Any]:
        """One that is under way is not asked for again."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        organization, name = cleaned.get("organization"), cleaned.get("wished_name")
        if organization and name and (there := services.namesake(organization_id=organization.pk, name=name)):
            self.add_error("wished_name", services.CommunityNameTaken(there).message)
        return cleaned


@admin.register(Community)
class CommunityAdmin(CommunityColumns, ReadOnlyMixin, TenantAdmin):
    """Communities, one per workshop, and standalone ones. A person may ask for one, and say "again"."""

    form = CommunityForm
    list_display = ["called", "workshop", "organization", "state", "why", "next_try", "created_at"]
    list_filter = ["status", KindFilter, ("organization", AutocompleteSelectFilter)]
    search_fields = ["workshop__title", "name", "wished_name"]
    long_texts = ("wished_description",)
    search_help_text = "Part of a workshop's title or of the community's name"
    related = ("workshop",)
    ordering = ["-created_at"]
    fieldsets = [
        (None, {"fields": ["organization", "workshop", "state", "reason", "error_code", "invitation"]}),
        ("Standalone", {"fields": ["wished_name", "wished_description", "created_by"]}),
        ("In WhatsApp", {"fields": ["name", "session", "parent_group", "not_invited"]}),
        ("Times", {"fields": ["created_at", "requested_at", "ready_at", "next_try", "lease_until"]}),
        ("Attempts", {"fields": ["attempt", "failures"]}),
    ]
    readonly_fields = ["state", "invitation", "next_try", "not_invited"]
    actions = ["create_again"]
    actions_detail = ["create_this_again", "create_this_anew", "delete_this"]

    def get_urls(self) -> list[Any]:
        """With the page that starts what was skipped."""
        view = self.admin_site.admin_view(self.queue_skipped)
        page = path("queue-skipped/<path:organization_id>", view, name="workshops_community_queue_skipped")
        return [page, *super().get_urls()]

    def queue_skipped(self, request: HttpRequest, organization_id: str) -> HttpResponse:
        """Create all communities of an organization that were skipped while no session was chosen, once asked."""
        organization = get_object_or_404(Organization, pk=unquote(organization_id))
        if not self.has_retry_permission(request):
            raise PermissionDenied
        number = services.count_skipped(organization_id=organization.pk)
        if request.method != "POST":
            what = f"{number} {model_ngettext(self.opts, number)}"
            question = f"Create {what} that were skipped while no WhatsApp session was chosen? One after the other."
            return self.ask(request, title=str(organization), question=question, button="Create them")
        try:
            queued = services.queue_skipped(organization_id=organization.pk)
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            self.message_user(request, f"{queued} {model_ngettext(self.opts, queued)} queued.", messages.SUCCESS)
        return HttpResponseRedirect(self.url_of("changelist"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A standalone one; those of workshops come by themselves."""
        return self._has_right(request, "add")

    def get_fieldsets(self, request: HttpRequest, obj: Community | None = None) -> Any:
        """A new one is a wish; one of a workshop has none of its own."""
        if obj is None:
            fields = ["organization", "wished_name", "wished_description"]
            return [(None, {"fields": fields, "description": _STANDALONE})]
        return [part for part in self.fieldsets if part[0] != "Standalone" or obj.wished_name]

    def save_model(self, request: HttpRequest, obj: Community, form: Any, change: bool) -> None:
        """By the same service as in the API."""
        made, _ = services.create_community(
            organization_id=obj.organization_id, name=obj.wished_name, description=obj.wished_description,
            created_by=actor(request),
        )  # fmt: skip
        obj.pk = made.pk

    def has_retry_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows cannot be edited; "again" is what the right to change them allows."""
        return self._has_right(request, "change")

    def has_forget_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As rows of the list are deleted; here by the service."""
        return self._has_right(request, "delete")

    def _has_right(self, request: HttpRequest, verb: str) -> bool:
        user: Any = request.user
        return bool(user.has_perm(f"workshops.{verb}_community"))

    @admin.display(description="Community")
    def called(self, community: Community) -> str:
        """By its own name, or its workshop's."""
        return community.title

    def is_useful(self, path: str, row: Community) -> bool:
        """As long as it is not what it should be; anew, while nobody knows what an earlier request did."""
        if path == "forget":
            return row.is_standalone
        return row.status in Community.RETRYABLE and (path != "anew" or row.is_open)

    @action(description="Create community again", permissions=["retry"])
    def create_again(self, request: HttpRequest, queryset: QuerySet[Community]) -> None:
        """For every chosen community."""
        self.do_all(request, queryset, RETRY)

    @action(description="Create community again", permissions=["retry"], url_path="again")
    def create_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, RETRY)

    @action(description="Create anew", permissions=["retry"], url_path="anew")
    def create_this_anew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Forget an earlier request, for somebody who has looked in WhatsApp."""
        return self.do_one(request, object_id, ANEW)

    @action(description="Delete", permissions=["forget"], url_path="forget")
    def delete_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A standalone one that nobody wants any more."""
        answer = self.do_one(request, object_id, FORGET)
        is_gone = request.method == "POST" and self.get_object(request, unquote(object_id)) is None
        return HttpResponseRedirect(self.url_of("changelist")) if is_gone else answer
