"""The product's paths, and the list of members as the admin's stock classes show it."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from config.urls import handler400, handler404, handler500
from config.urls import urlpatterns as of_the_product
from whatsapp.admin.members import GroupMemberAdmin
from whatsapp.models import GroupMember

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]

#: Below /admin/, so that it passes the same middleware.
STOCK = "/admin/stock/"


class StockMemberAdmin(ModelAdmin):
    """The same columns, filters, order and length, without anything of ours that makes lists cheap."""

    list_display = ["full_phone", "lid", "group", "organization", "status", "is_admin", "joined_at", "left_at"]
    list_filter = ["status", "is_admin"]
    search_fields = GroupMemberAdmin.search_fields
    ordering = GroupMemberAdmin.ordering
    list_per_page = GroupMemberAdmin.list_per_page

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """As anybody would write it: without it, each row would ask for its group."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("organization", "group")


site = UnfoldAdminSite(name="stock")
site.register(GroupMember, StockMemberAdmin)

urlpatterns = [path(STOCK[1:], site.urls), *of_the_product]
