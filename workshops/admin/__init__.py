"""Workshops and their communities in the admin."""

from django.contrib import admin

from workshops.admin.communities import CommunityAdmin
from workshops.admin.groups import WorkshopGroupAdmin
from workshops.admin.imports import ImportRowAdmin, RegistrationImportAdmin
from workshops.admin.products import ProductMappingAdmin
from workshops.admin.registrations import OrderAdmin, RegistrationAdmin
from workshops.admin.source_tokens import SourceTokenAdmin
from workshops.admin.tags import TagAdmin
from workshops.admin.workshops import WorkshopAdmin

__all__ = [
    "CommunityAdmin",
    "ImportRowAdmin",
    "OrderAdmin",
    "ProductMappingAdmin",
    "RegistrationAdmin",
    "RegistrationImportAdmin",
    "SourceTokenAdmin",
    "TagAdmin",
    "WorkshopAdmin",
    "WorkshopGroupAdmin",
]

admin.site.index_template = "workshops/overview.html"
admin.site.index_title = "Overview"
