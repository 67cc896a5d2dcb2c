"""Registrations and orders in the admin."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from common import phones
from common.admin import ReadOnlyMixin, TenantAdmin, TenantForm, actor, badge, wide
from common.errors import DomainError
from workshops import services
from workshops.models import Order, Registration

_COLORS: dict[str, str] = {
    Registration.Status.REGISTERED: "success",
    Registration.Status.HELD: "warning",
    Registration.Status.CANCELLED: "danger",
    Order.Status.INITIATED: "info",
    Order.Status.FAILED: "danger",
    Order.Status.COMPLETED: "success",
    Order.Status.REFUNDED: "warning",
    Order.Status.EXPIRED: "warning",
}


class PhoneFilter(admin.SimpleListFilter):
    """Whose phone could be read, and whose not."""

    title = "phone"
    parameter_name = "phone"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two kinds."""
        return [("read", "A phone number"), ("unread", "No phone number")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Split by what the text was read as."""
        return queryset.filter(full_phone__isnull=self.value() == "unread") if self.value() else queryset


class OrderColumns:
    """How an order is shown."""

    @admin.display(description="Status", ordering="status")
    def state(self, order: Order) -> str:
        """In words and color."""
        return badge(order.get_status_display(), _COLORS[order.status])

    @admin.display(description="Paid")
    def paid(self, order: Order) -> str:
        """The amount with its currency."""
        return "" if order.amount is None else f"{order.amount} {order.currency}".strip()


class OrderInline(OrderColumns, ReadOnlyMixin, TabularInline):
    """What a registration comes from."""

    model = Order
    fields = ["platform", "external_id", "state", "product_name", "paid", "occurred_at"]
    readonly_fields = fields
    ordering = ["occurred_at"]
    can_delete = False
    hide_title = True
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """Without what the platforms sent."""
        orders: QuerySet[Order] = super().get_queryset(request).defer("payloads")
        return orders


class RegistrationForm(TenantForm):
    """The phone is all that a person corrects: the rest is what the orders say."""

    class Meta:
        model = Registration
        fields = ["phone_text"]
        labels = {"phone_text": "Phone as written"}
        help_texts = {"phone_text": "With its country code, or as it is written in the organization's country."}

    def clean_phone_text(self) -> str:
        """A number that can be read."""
        text = str(self.cleaned_data["phone_text"])
        country = self.instance.organization.default_country
        if "phone_text" in self.changed_data and phones.read(text, default_country=country) is None:
            raise forms.ValidationError(services.PhoneUnreadable.message)
        return text


@admin.register(Registration)
class RegistrationAdmin(TenantAdmin):
    """People who signed up. Only orders and imports make them."""

    form = RegistrationForm
    list_display = ["person", "phone", "email", "workshop", "organization", "state", "registered_at"]
    list_filter = [
        "status", PhoneFilter, ("workshop", AutocompleteSelectFilter), ("mapping", AutocompleteSelectFilter),
        ("organization", AutocompleteSelectFilter),
    ]  # fmt: skip
    search_fields = ["name", "email__startswith", "full_phone__startswith", "phone_text__startswith"]
    search_help_text = "Part of a name, or the beginning of an e-mail or phone"
    related = ("workshop", "mapping")
    ordering = ["-registered_at"]
    readonly_fields = [
        "person", "email", "full_phone", "workshop", "mapping", "state", "corrected_by", "registered_at", "created_at",
        "updated_at",
    ]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["organization", "workshop", "state", "mapping"]}),
        ("Person", {"fields": ["person", "email", "phone_text", "full_phone", "corrected_by"]}),
        ("Times", {"fields": ["registered_at", "created_at", "updated_at"]}),
    ]
    inlines = [OrderInline]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: its orders would bring it back."""
        return False

    def save_model(self, request: HttpRequest, obj: Registration, form: Any, change: bool) -> None:
        """The corrected phone."""
        if "phone_text" not in form.changed_data:
            return
        try:
            services.correct_phone(
                registration=obj, phone_text=form.cleaned_data["phone_text"], corrected_by=actor(request)
            )
        except DomainError as error:
            self.message_user(request, f"The phone was not changed. {error.message}", "ERROR")

    @admin.display(description="Name", ordering="name")
    def person(self, registration: Registration) -> str:
        """Somebody without a name has an e-mail or a phone."""
        return str(registration)

    @admin.display(description="Phone", ordering="full_phone")
    def phone(self, registration: Registration) -> str:
        """The number, or the text that is none."""
        return registration.full_phone or format_html(
            "{} {}", badge("no number", "warning"), registration.phone_text or "none given"
        )

    @admin.display(description="Status", ordering="status")
    def state(self, registration: Registration) -> str:
        """In words and color."""
        return badge(registration.get_status_display(), _COLORS[registration.status])


@admin.register(Order)
class OrderAdmin(OrderColumns, ReadOnlyMixin, TenantAdmin):
    """Orders as their platforms told them."""

    list_display = ["external_id", "platform", "state", "name", "product", "paid", "organization", "occurred_at"]
    list_filter = ["platform", "status", ("organization", AutocompleteSelectFilter)]
    search_fields = ["external_id__startswith", "email__startswith", "name", "phone_text__startswith"]
    search_help_text = "The beginning of an order's id, an e-mail or a phone, or part of a name"
    related = ("registration",)
    ordering = ["-occurred_at"]
    readonly_fields = ["state", "paid", "sent"]
    fieldsets = [
        (None, {"fields": ["organization", "platform", "external_id", "state", "registration"]}),
        ("Order", {"fields": ["product_name", "mapping", "paid", "name", "email", "phone_text"]}),
        ("Times", {"fields": ["occurred_at", "created_at", "updated_at"]}),
        ("As it was sent", {"fields": ["sent"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """A list does without what the platforms sent."""
        orders = super().get_queryset(request)
        is_list = request.resolver_match is not None and str(request.resolver_match.url_name).endswith("changelist")
        return orders.defer("payloads") if is_list else orders

    @admin.display(description="Bought")
    def product(self, order: Order) -> str:
        """The name as the platform wrote it."""
        return wide(order.product_name)

    @admin.display(description="Events")
    def sent(self, order: Order) -> SafeString:
        """Each event and its body."""
        text = json.dumps(order.payloads, indent=2, ensure_ascii=False)
        return format_html('<pre class="whitespace-pre-wrap">{}</pre>', text)
