"""Shapes of workshops in the API."""

from typing import Any

from rest_framework import serializers

from workshops.models import Community, Workshop
from workshops.models.community import DESCRIPTION_CHARS, NAME_CHARS


class CommunitySerializer(serializers.ModelSerializer[Community]):
    """The state of a community. `reason` says in words why it is not ready."""

    status_text = serializers.CharField(source="get_status_display", read_only=True)
    can_retry = serializers.SerializerMethodField()
    next_try_at = serializers.DateTimeField(source="run_after", read_only=True)
    parent_group_id = serializers.UUIDField(read_only=True, allow_null=True)
    invite_link = serializers.CharField(read_only=True)

    class Meta:
        model = Community
        fields = [
            "id", "status", "status_text", "reason", "error_code", "can_retry", "next_try_at", "name", "invite_link",
            "parent_group_id", "created_at", "ready_at",
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


class WorkshopLinkSerializer(serializers.Serializer[Any]):
    """The workshop that a community is to belong to."""

    workshop_id = serializers.UUIDField()


class RetrySerializer(serializers.Serializer[Any]):
    """How to try again."""

    anew = serializers.BooleanField(default=False)


class GroupLinkSerializer(serializers.Serializer[Any]):
    """The group whose people are to be the workshop's."""

    group_id = serializers.UUIDField()


class WorkshopSerializer(serializers.ModelSerializer[Workshop]):
    """A workshop with its community's state and the number of people now in its group."""

    title = serializers.CharField(max_length=255)
    description = serializers.CharField(max_length=5000, allow_blank=True, required=False)
    community = serializers.SerializerMethodField()
    community_group_id = serializers.UUIDField(read_only=True, allow_null=True)
    member_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Workshop
        fields = [
            "id", "title", "description", "starts_at", "ends_at", "community_group_id", "member_count", "community",
            "created_by", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "created_by", "created_at", "updated_at"]

    def get_community(self, workshop: Workshop) -> dict[str, Any] | None:
        """Null for the moment between a workshop and the sweep that queues its community."""
        community = getattr(workshop, "community", None)
        return CommunitySerializer(community).data if community else None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A workshop ends after it starts."""
        starts_at = attrs.get("starts_at", getattr(self.instance, "starts_at", None))
        ends_at = attrs.get("ends_at", getattr(self.instance, "ends_at", None))
        if starts_at and ends_at and ends_at <= starts_at:
            raise serializers.ValidationError({"ends_at": ["A workshop ends after it starts."]})
        return attrs


class EventsTicketSerializer(serializers.Serializer[Any]):
    """Where the live updates of a workshop can be opened, once, and until when."""

    url = serializers.URLField()
    expires_at = serializers.DateTimeField()
