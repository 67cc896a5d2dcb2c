"""Members of groups in the admin."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from common.admin import ReadOnlyMixin, TenantAdmin
from common.admin.base import Found
from whatsapp.models import GroupMember


@admin.register(GroupMember)
class GroupMemberAdmin(ReadOnlyMixin, TenantAdmin):
    """Who is in which group, as WhatsApp says. The order is that of an index, so that no size makes the list slow."""

    list_display = ["__str__", "lid", "group", "organization", "state", "is_admin", "joined_at", "left_at"]
    list_filter = ["status", "is_admin", ("organization", AutocompleteSelectFilter)]
    search_fields = ["full_phone__startswith", "phone_number__startswith", "lid__startswith"]
    search_help_text = "The beginning of a phone number, with or without its country code, or of a LID"
    list_select_related = ["group", "organization"]
    ordering = ["organization", "group", "-joined_at", "-id"]
    fields = [
        "organization", "group", "full_phone", "phone_number", "lid", "state", "is_admin",
        "joined_at", "left_at", "last_event_at", "created_at", "updated_at",
    ]  # fmt: skip
    readonly_fields = ["state"]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> Found:
        """However a number is written."""
        return super().get_search_results(request, queryset, re.sub(r"[\s().-]", "", term))

    @display(description="Status", ordering="status", label={"active": "success", "left": "warning"})  # type: ignore[untyped-decorator]
    def state(self, member: GroupMember) -> tuple[str, str]:
        """In words and color."""
        return member.status, member.get_status_display()
