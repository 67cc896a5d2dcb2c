"""Shapes of orders, registrations and what they are bought as in the API."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from workshops.models import Order, ProductMapping, Registration, SourceToken, Workshop
from workshops.models.workshop import PLAUSIBLE

_LONGEST_OVERLAP_HOURS = 7 * 24


class RegistrationSerializer(serializers.ModelSerializer[Registration]):
    """
    A person who signed up. `full_phone` is E.164; null says that `phone` (as it was written) is no phone number.

    While `status` is `held` there is no workshop: what was bought, `mapping_id`, needs mapping.
    """

    workshop_id = serializers.UUIDField(read_only=True, allow_null=True)
    mapping_id = serializers.UUIDField(read_only=True, allow_null=True)
    phone = serializers.CharField(source="phone_text", read_only=True)

    class Meta:
        model = Registration
        fields = [
            "id", "workshop_id", "mapping_id", "status", "name", "email", "phone", "full_phone", "corrected_by",
            "registered_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class PhoneSerializer(serializers.Serializer[Any]):
    """The right number of somebody, with its country code or as written in the organization's country."""

    phone = serializers.CharField(max_length=40)


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order. Without `registration_id` it was never paid."""

    registration_id = serializers.UUIDField(read_only=True, allow_null=True)
    phone = serializers.CharField(source="phone_text", read_only=True)

    class Meta:
        model = Order
        fields = [
            "id", "platform", "external_id", "status", "registration_id", "product_name", "name", "email", "phone",
            "amount", "currency", "occurred_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class RawOrderSerializer(OrderSerializer):
    """One order with what its platform sent, event by event."""

    payloads = serializers.JSONField(read_only=True)

    class Meta(OrderSerializer.Meta):
        fields = [*OrderSerializer.Meta.fields, "payloads"]


class ProductMappingSerializer(serializers.ModelSerializer[ProductMapping]):
    """
    A name that is sold, and its workshop; `null`: it needs mapping, and `hold_text` says why.

    `date` is the date in the name. `held` counts the people who wait for the mapping.
    """

    workshop_id = serializers.UUIDField(read_only=True, allow_null=True)
    date = serializers.DateField(source="on_date", read_only=True)
    hold_text = serializers.CharField(source="get_hold_reason_display", read_only=True)
    held = serializers.IntegerField(read_only=True)

    class Meta:
        model = ProductMapping
        fields = [
            "id", "name", "date", "workshop_id", "held", "hold_reason", "hold_text", "mapped_by", "mapped_at",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class MapSerializer(serializers.Serializer[Any]):
    """The workshop that a product is; null takes it away."""

    workshop_id = serializers.PrimaryKeyRelatedField(
        source="workshop", queryset=Workshop.objects.all(), allow_null=True, pk_field=serializers.UUIDField()
    )


class MappedWorkshopSerializer(serializers.Serializer[Any]):
    """A workshop to be made of a name: its title and date, where they are not to be those of the name."""

    title = serializers.CharField(max_length=255, required=False)
    starts_at = serializers.DateTimeField(required=False, validators=PLAUSIBLE)


class SourceTokenSerializer(serializers.ModelSerializer[SourceToken]):
    """The token of a platform's URL, of which only the beginning is known; `expires_at` null: it is the current one."""

    class Meta:
        model = SourceToken
        fields = ["id", "platform", "hint", "expires_at", "created_by", "created_at"]
        read_only_fields = fields


class NewTokenSerializer(serializers.Serializer[Any]):
    """For whom a token is wanted, and for how many hours those before it are accepted still."""

    platform = serializers.ChoiceField(choices=SourceToken.PLATFORMS)
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=_LONGEST_OVERLAP_HOURS, default=settings.SOURCE_TOKEN_OVERLAP_HOURS
    )


class IssuedTokenSerializer(SourceTokenSerializer):
    """A new token with its URLs, which are shown this once."""

    token = serializers.CharField(read_only=True)
    urls = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta(SourceTokenSerializer.Meta):
        fields = [*SourceTokenSerializer.Meta.fields, "token", "urls"]
