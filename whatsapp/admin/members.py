"""Members of groups in the admin."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from common.admin import ReadOnlyMixin, TenantAdmin, badge
from common.admin.base import Found
from whatsapp.models import GroupMember

STATUS_COLORS: dict[str, str] = {GroupMember.Status.ACTIVE: "success", GroupMember.Status.LEFT: "warning"}


@admin.register(GroupMember)
class GroupMemberAdmin(ReadOnlyMixin, TenantAdmin):
    """Who is in which group, as WhatsApp says. The order is that of an index, so that no size makes the list slow."""

    list_display = ["phone", "lid", "group", "organization", "state", "role", "joined_at", "left_at"]
    list_filter = ["status", "is_admin", ("organization", AutocompleteSelectFilter)]
    search_fields = ["full_phone__startswith", "phone_number__startswith", "lid__startswith"]
    search_help_text = "The beginning of a phone number, with or without its country code, or of a LID"
    related = ("group",)
    ordering = ["organization", "group", "-joined_at", "-id"]
    fields = [
        "organization", "group", "full_phone", "phone_number", "lid", "state", "is_admin",
        "joined_at", "left_at", "last_event_at", "created_at", "updated_at",
    ]  # fmt: skip
    readonly_fields = ["state"]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> Found:
        """However a number is written."""
        return super().get_search_results(request, queryset, re.sub(r"[\s().-]", "", term))

    @admin.display(description="Phone", ordering="full_phone")
    def phone(self, member: GroupMember) -> str:
        """The number, unless WhatsApp hides it."""
        return member.full_phone or "hidden"

    @admin.display(description="Admin", ordering="is_admin")
    def role(self, member: GroupMember) -> str:
        """Marked when so."""
        return badge("admin", "info") if member.is_admin else ""

    @admin.display(description="Status", ordering="status")
    def state(self, member: GroupMember) -> str:
        """In words and color."""
        return badge(member.get_status_display(), STATUS_COLORS[member.status])
