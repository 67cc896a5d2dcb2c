"""People of the product in the admin."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from accounts.models import AppUser
from common.admin import BigListMixin, TextInputsMixin


@admin.register(AppUser)
class AppUserAdmin(TextInputsMixin, BigListMixin, ModelAdmin):
    """People of the product."""

    list_display = ["__str__", "id", "email", "username", "created_at", "last_active_at"]
    search_fields = ["id__startswith", "email__startswith", "username__startswith", "full_name"]
    search_help_text = "The beginning of an id, e-mail or username, or part of a name"
    fields = [
        "id", "email", "username", "full_name", "profile_image", "created_at", "updated_at",
        "last_active_at", "deleted_in_auth_at",
    ]  # fmt: skip
    readonly_fields = ["created_at", "updated_at", "last_active_at", "deleted_in_auth_at"]
    ordering = ["id"]

    def get_fields(self, request: HttpRequest, obj: AppUser | None = None) -> list[str]:
        """A new person has no times yet."""
        return self.fields if obj else [name for name in self.fields if name not in self.readonly_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: AppUser | None = None) -> list[str]:
        """The id is the identity provider's."""
        return [*(["id"] if obj else []), *self.readonly_fields]
