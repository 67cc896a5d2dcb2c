"""Workshops and their communities in the admin."""

from django.contrib import admin

from workshops.admin.communities import CommunityAdmin
from workshops.admin.groups import WorkshopGroupAdmin
from workshops.admin.tags import TagAdmin
from workshops.admin.workshops import WorkshopAdmin

__all__ = ["CommunityAdmin", "TagAdmin", "WorkshopAdmin", "WorkshopGroupAdmin"]

admin.site.index_template = "workshops/overview.html"
admin.site.index_title = "Overview"
