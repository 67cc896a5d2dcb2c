"""Counts of refused deliveries in the admin."""

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from unfold.admin import ModelAdmin

from common.admin import BigListMixin, ReadOnlyMixin, wide
from webhooks import reasons
from webhooks.admin.deliveries import SourceFilter
from webhooks.models import RefusedCount


@admin.register(RefusedCount)
class RefusedCountAdmin(ReadOnlyMixin, BigListMixin, ModelAdmin):
    """What was refused and not kept: by day, source and reason."""

    list_display = ["day", "source", "why", "number", "last_at"]
    fields = [*list_display, "what_to_do", "reason"]
    readonly_fields = ["why", "what_to_do"]
    list_filter = [SourceFilter, ("day", DateFieldListFilter)]
    list_filter_submit = True
    ordering = ["-day", "source", "reason"]

    @admin.display(description="Why", ordering="reason")
    def why(self, counted: RefusedCount) -> str:
        """The reason in words."""
        return wide(reasons.in_words(counted.reason))

    @admin.display(description="What to do")
    def what_to_do(self, counted: RefusedCount) -> str:
        """About the reason."""
        return reasons.advice(counted.reason)
