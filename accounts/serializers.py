"""People in the API."""

from typing import Any

from rest_framework import serializers

from accounts.models import AppUser, SyncStatus


class AppUserSerializer(serializers.ModelSerializer[AppUser]):
    """A person, to themselves."""

    class Meta:
        model = AppUser
        fields = ["id", "email", "username", "full_name", "profile_image", "created_at"]
        read_only_fields = fields


class SyncRequestSerializer(serializers.Serializer[Any]):
    """Who is to be brought in step."""

    userId = serializers.CharField(max_length=255)  # noqa: N815  (as the apps that call it write it)
    email = serializers.EmailField(max_length=320, allow_null=True)
    username = serializers.CharField(max_length=100, required=False, allow_blank=True)
    metadata = serializers.DictField(
        required=False, help_text="`full_name`, `avatar_url`; of a server: `email_verified`"
    )


class SyncDataSerializer(serializers.Serializer[Any]):
    """What was done."""

    action = serializers.ChoiceField(["created", "updated", "unchanged"])
    user = AppUserSerializer()


class SyncAnswerSerializer(serializers.Serializer[Any]):
    """The answer, in the words of the apps that call it."""

    success = serializers.BooleanField()
    message = serializers.CharField()
    data = SyncDataSerializer()  # type: ignore[assignment]  # a field that is called like an attribute of DRF


class SyncHealthSerializer(serializers.Serializer[Any]):
    """Whether new people are kept in step."""

    success = serializers.BooleanField()
    message = serializers.CharField()


class MeSerializer(serializers.Serializer[Any]):
    """The caller: their app user, or null as long as there is none, and how they stand with the identity provider."""

    user = AppUserSerializer(allow_null=True)
    state = serializers.ChoiceField(SyncStatus.State.choices, allow_null=True)
    why = serializers.CharField()
