"""Staff logins and app users in the admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import AppUser, StaffUser

admin.site.unregister(Group)


@admin.register(StaffUser)
class StaffUserAdmin(UserAdmin, ModelAdmin):
    """Logins of this admin."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(AppUser)
class AppUserAdmin(ModelAdmin):
    """People of the product."""

    list_display = ["id", "email", "username", "full_name", "created_at", "last_active_at"]
    search_fields = ["id", "email", "username", "full_name"]
    readonly_fields = ["created_at", "updated_at", "last_active_at"]
    ordering = ["-created_at"]
