"""Counts of refused deliveries in the admin."""

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from unfold.admin import ModelAdmin

from common.admin import BigListMixin, ReadOnlyMixin
from webhooks.admin.deliveries import SourceFilter
from webhooks.models import RefusedCount


@admin.register(RefusedCount)
class RefusedCountAdmin(ReadOnlyMixin, BigListMixin, ModelAdmin):
    """What was refused and not kept: by day, source and reason."""

    list_display = ["day", "source", "reason", "number", "last_at"]
    fields = list_display
    list_filter = [SourceFilter, ("day", DateFieldListFilter)]
    list_filter_submit = True
    ordering = ["-day", "source", "reason"]
