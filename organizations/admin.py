"""Organizations in the admin."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from organizations.models import Membership, Organization


class MembershipInline(TabularInline):
    """Who belongs to it."""

    model = Membership
    fields = ["user", "role", "created_at"]
    readonly_fields = ["created_at"]
    autocomplete_fields = ["user"]
    extra = 0


@admin.register(Organization)
class OrganizationAdmin(ModelAdmin):
    """The tenants and their settings."""

    list_display = ["name", "id", "community_session", "members", "timezone", "default_country", "created_at"]
    list_filter = ["default_country", "timezone"]
    search_fields = ["id", "name", "slug"]
    list_select_related = ["community_session"]
    inlines = [MembershipInline]
    readonly_fields = ["created_at", "updated_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        """With the number of members, in the same query."""
        return super().get_queryset(request).annotate(member_count=Count("memberships"))

    @admin.display(description="Members", ordering="member_count")
    def members(self, organization: Organization) -> int:
        """How many people belong to it."""
        return organization.member_count  # type: ignore[attr-defined]  (annotated above)


@admin.register(Membership)
class MembershipAdmin(ModelAdmin):
    """Who belongs where."""

    list_display = ["user", "organization", "role", "created_at"]
    list_filter = ["role", "organization"]
    search_fields = ["user__id", "user__email", "user__full_name", "organization__name"]
    list_select_related = ["user", "organization"]
    autocomplete_fields = ["user", "organization"]
    readonly_fields = ["created_at"]
