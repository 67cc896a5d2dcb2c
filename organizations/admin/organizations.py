"""Organizations and their members in the admin."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from common.admin import ActionsMixin, BigListMixin, TenantAdmin, TenantForm, TextInputsMixin, action, actor, link
from common.admin.actions import Deed
from organizations import services
from organizations.models import Membership, Organization
from organizations.roles import Role
from organizations.serializers import OrganizationSerializer


class OrganizationForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Settings are judged by the same serializer as in the API, so that each rule has one home."""

    class Meta:
        model = Organization
        fields = [*services.SETTINGS, "id", "name", "slug"]
        widgets = {"community_admin_numbers": UnfoldAdminTextInputWidget}
        help_texts = {"community_admin_numbers": "With country code, separated by commas: they are invited as admins."}

    def clean(self) -> dict[str, Any]:
        """What the serializer makes of the settings, or what it says against them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance._state.adding and Organization.with_deleted.filter(pk=cleaned.get("id")).exists():
            self.add_error("id", "Organization with this Id already exists, or was deleted at Clerk.")
        settings = {name: cleaned[name] for name in services.SETTINGS & cleaned.keys()}
        serializer = OrganizationSerializer(self.instance, data=settings, partial=True)
        if serializer.is_valid():
            return {**cleaned, **serializer.validated_data}
        for name, texts in serializer.errors.items():
            self.add_error(name, [str(text) for text in texts])
        return cleaned


@admin.register(Organization)
class OrganizationAdmin(ActionsMixin, TextInputsMixin, BigListMixin, ModelAdmin):
    """The tenants. What Clerk owns is only written when one is added by hand; the rest are settings."""

    form = OrganizationForm
    list_display = ["name", "id", "community_session", "members", "timezone", "default_country", "created_at"]
    search_fields = ["id__startswith", "name", "slug"]
    search_help_text = "The beginning of an id, or part of a name"
    list_select_related = ["community_session"]
    ordering = ["name", "id"]
    long_texts = ("community_description_template",)
    readonly_fields = ["community_session", "members", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": ["id", "name", "slug", "members"]}),
        (
            "Communities",
            {
                "fields": [
                    "community_session", "community_admin_numbers", "community_name_template",
                    "community_description_template",
                ],
                "description": "The session that creates communities is chosen in the list of sessions.",
            },
        ),
        ("Orders", {"fields": ["unknown_workshops"], "description": "What an order for a new workshop name does."}),
        ("Where and when", {"fields": ["timezone", "default_country", "default_workshop_time"]}),
        ("Times", {"fields": ["created_at", "updated_at"]}),
    ]  # fmt: skip

    actions_detail = ["reconcile_this"]

    def has_reconcile_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for reconciling everything."""
        return bool(getattr(request.user, "has_perm", lambda _: False)("organizations.change_reconcilerun"))

    @action(description="Reconcile with Clerk", permissions=["reconcile"], url_path="reconcile")
    def reconcile_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """This one and its members, in the background."""

        def reconcile(organization: Organization) -> None:
            services.request_reconcile(requested_by=actor(request), scope=organization.pk)

        question = "Compare this organization and its members with Clerk, and repair what differs?"
        deed = Deed(act=reconcile, done="queued: see Reconciles with Clerk.", question=question, button="Reconcile")
        return self.do_one(request, object_id, deed)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        """With the number of members, counted for the rows that are shown."""
        people = Membership.objects.filter(organization=OuterRef("pk")).order_by().values("organization")
        counted = Subquery(people.annotate(number=Count("pk")).values("number"))
        organizations: QuerySet[Organization] = super().get_queryset(request)
        return organizations.annotate(member_count=Coalesce(counted, 0))

    def get_fieldsets(self, request: HttpRequest, obj: Organization | None = None) -> Any:
        """A new one has only a name; its settings are the usual ones until they are changed."""
        return self.fieldsets if obj else [(None, {"fields": ["id", "name", "slug"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Organization | None = None) -> list[str]:
        """Id, name and slug are Clerk's."""
        return [*(["id", "name", "slug"] if obj else []), *self.readonly_fields]

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        """Nobody: everything an organization has would go with it."""
        return False

    @admin.display(description="Members", ordering="member_count")
    def members(self, organization: Any) -> str:
        """How many people belong to it, and the way to them."""
        url = reverse("admin:organizations_membership_changelist")
        return link(f"{url}?{urlencode({'organization__id__exact': organization.pk})}", organization.member_count)

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        """A new one whole, the settings of an old one."""
        if change:
            services.update_settings(organization=obj, **{name: form.cleaned_data[name] for name in form.changed_data})
        else:
            super().save_model(request, obj, form, change)


class MembershipForm(TenantForm):
    """Somebody is a member once: tombstones do not count, and `deleted_at`, which says so, is in no form."""

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"deleted_at"}


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    """Who belongs where, and as what. Clerk's memberships are changed at Clerk."""

    form = MembershipForm
    list_display = ["user", "organization", "role", "created_at"]
    list_filter = ["role", ("organization", AutocompleteSelectFilter)]
    search_fields = ["user__id__startswith", "user__email__startswith", "user__full_name", "organization__name"]
    search_help_text = "A person's id, e-mail or name, or an organization's name"
    related = ("user",)
    autocomplete_fields = ["user", "organization"]
    fields = ["organization", "user", "role", "created_at"]
    readonly_fields = ["created_at"]
    ordering = ["organization", "id"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A new one has no time yet."""
        return self.fields if obj else ["organization", "user", "role"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Nobody becomes an owner by a forgotten choice."""
        return {"role": Role.MEMBER, **super().get_changeform_initial_data(request)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A membership is one person's."""
        names = super().get_readonly_fields(request, obj)
        return [*(["role"] if obj and obj.clerk_id else []), *(["user"] if obj else []), *names]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only of those made by hand: the next reconcile would bring Clerk's back."""
        return super().has_delete_permission(request, obj) and not (obj and obj.clerk_id)
