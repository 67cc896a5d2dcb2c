"""Shapes of communities in the API."""

from typing import Any

from rest_framework import serializers

from workshops.models import Community
from workshops.models.community import DESCRIPTION_CHARS, NAME_CHARS


class CommunitySerializer(serializers.ModelSerializer[Community]):
    """
    The state of a community. `reason` says in words why it is not ready, or what is left to be done.

    `uninvited_admins` are numbers that WhatsApp let nobody invite: send them the `invite_link`.
    """

    status_text = serializers.CharField(source="get_status_display", read_only=True)
    can_retry = serializers.SerializerMethodField()
    next_try_at = serializers.DateTimeField(source="run_after", read_only=True)
    parent_group_id = serializers.UUIDField(read_only=True, allow_null=True)
    invite_link = serializers.CharField(read_only=True)

    class Meta:
        model = Community
        fields = [
            "id", "status", "status_text", "reason", "error_code", "can_retry", "next_try_at", "name", "invite_link",
            "uninvited_admins", "parent_group_id", "created_at", "ready_at",
        ]  # fmt: skip

    def get_can_retry(self, community: Community) -> bool:
        """Whether a person may start it again."""
        return community.status in Community.RETRYABLE


class ListedCommunitySerializer(CommunitySerializer):
    """A community by itself. `workshop_id` is null for a standalone one; its people are in `community_group_id`."""

    title = serializers.CharField(read_only=True)
    workshop_id = serializers.UUIDField(read_only=True, allow_null=True)
    description = serializers.CharField(source="wished_description", read_only=True)
    community_group_id = serializers.UUIDField(source="announcement_group_id", read_only=True, allow_null=True)

    class Meta(CommunitySerializer.Meta):
        fields = [
            *CommunitySerializer.Meta.fields, "title", "workshop_id", "description", "community_group_id", "created_by",
        ]  # fmt: skip


class NewCommunitySerializer(serializers.Serializer[Any]):
    """What a standalone community is to be called."""

    name = serializers.CharField(max_length=NAME_CHARS)
    description = serializers.CharField(max_length=DESCRIPTION_CHARS, allow_blank=True, default="")


class QueuedSerializer(serializers.Serializer[Any]):
    """How many communities were queued."""

    queued = serializers.IntegerField()


class WorkshopLinkSerializer(serializers.Serializer[Any]):
    """The workshop that a community is to belong to."""

    workshop_id = serializers.UUIDField()


class RetrySerializer(serializers.Serializer[Any]):
    """How to try again."""

    anew = serializers.BooleanField(default=False)


class GroupLinkSerializer(serializers.Serializer[Any]):
    """The group whose people are to be the workshop's."""

    group_id = serializers.UUIDField()
