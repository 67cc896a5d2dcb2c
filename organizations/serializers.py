"""Shapes of organizations in the API."""

import zoneinfo
from typing import Any

import phonenumbers
from rest_framework import serializers

from accounts.models import AppUser
from common import phones
from organizations.models import Membership, Organization
from organizations.placeholders import INVITE_LINK, PLACEHOLDERS, unknown_placeholders
from organizations.services import MirrorHealth

_ZONES = zoneinfo.available_timezones()


class TemplateField(serializers.CharField):
    """A text whose placeholders are all filled; with `has_link`, the invite link's among them."""

    def __init__(self, *, has_link: bool = False, **kwargs: Any) -> None:
        self._known = PLACEHOLDERS | {INVITE_LINK} if has_link else PLACEHOLDERS
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The text. :raises ValidationError: it has a placeholder that nothing fills"""
        value: str = super().to_internal_value(data)
        if unknown := unknown_placeholders(value, self._known):
            known = ", ".join(f"{{{name}}}" for name in sorted(self._known))
            raise serializers.ValidationError(f"Nothing fills {{{unknown[0]}}}. Known are: {known}.")
        return value


class OrganizationSerializer(serializers.ModelSerializer[Organization]):
    """An organization and its settings. What Clerk owns (name, slug) and the chosen session are read-only here."""

    community_session_id = serializers.UUIDField(read_only=True, allow_null=True)
    community_admin_numbers = serializers.ListField(child=serializers.CharField(max_length=32), max_length=20)
    community_name_template = TemplateField(max_length=200)
    community_description_template = TemplateField(max_length=2000, has_link=True, allow_blank=True)

    class Meta:
        model = Organization
        fields = [
            "id", "name", "slug", "community_session_id", "community_admin_numbers", "community_name_template",
            "community_description_template", "unknown_workshops", "timezone", "default_country",
            "default_workshop_time", "created_at",
        ]  # fmt: skip
        read_only_fields = ["id", "name", "slug", "created_at"]

    def validate_timezone(self, value: str) -> str:
        """An IANA name."""
        if value not in _ZONES:
            raise serializers.ValidationError("This is no time zone. Use an IANA name such as Asia/Kolkata.")
        return value

    def validate_default_country(self, value: str) -> str:
        """ISO 3166-1 alpha-2, upper case."""
        if value.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise serializers.ValidationError("This is no country. Use two letters such as IN.")
        return value.upper()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Numbers become E.164, read in the country that is set or being set."""
        if "community_admin_numbers" in attrs:
            country = str(attrs.get("default_country") or getattr(self.instance, "default_country", "IN"))
            attrs["community_admin_numbers"] = _e164(attrs["community_admin_numbers"], country)
        return attrs


def _e164(texts: list[str], country: str) -> list[str]:
    numbers = {text: phones.parse(text, default_country=country) for text in texts}
    if bad := [text for text, number in numbers.items() if number is None]:
        message = f"Not a phone number: {', '.join(bad)}. Write it with its country code, as in +91 98123 45678."
        raise serializers.ValidationError({"community_admin_numbers": [message]})
    return list(dict.fromkeys(number.e164 for number in numbers.values() if number))


class MyOrganizationSerializer(serializers.ModelSerializer[Membership]):
    """An organization of mine: the same shape, and my role in it."""

    class Meta:
        model = Membership
        fields = ["role"]

    def to_representation(self, instance: Membership) -> dict[str, Any]:
        """The organization's fields with `role` added."""
        return {**OrganizationSerializer(instance.organization).data, **super().to_representation(instance)}


class MemberUserSerializer(serializers.ModelSerializer[AppUser]):
    """What one member may see of another."""

    class Meta:
        model = AppUser
        fields = ["id", "username", "full_name", "profile_image"]


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """A member of an organization."""

    user = MemberUserSerializer()

    class Meta:
        model = Membership
        fields = ["id", "user", "role", "created_at"]


class MirrorHealthSerializer(serializers.Serializer[MirrorHealth]):
    """How the mirror of Clerk is; `troubles` says in words what a person should look at."""

    is_configured = serializers.BooleanField()
    last_webhook_at = serializers.DateTimeField(allow_null=True)
    lag_seconds = serializers.FloatField()
    waiting = serializers.IntegerField()
    failed = serializers.IntegerField()
    parked = serializers.IntegerField()
    dead = serializers.IntegerField()
    refused = serializers.IntegerField()
    last_reconcile_at = serializers.DateTimeField(allow_null=True)
    last_reconcile_status = serializers.CharField()
    drift = serializers.DictField(child=serializers.IntegerField())
    unknown_roles = serializers.DictField(child=serializers.IntegerField())
    troubles = serializers.ListField(child=serializers.CharField())
