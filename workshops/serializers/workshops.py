"""Shapes of workshops in the API."""

from typing import Any

from rest_framework import serializers

from workshops.models import Tag, Workshop
from workshops.serializers.communities import CommunitySerializer


class WorkshopSerializer(serializers.ModelSerializer[Workshop]):
    """A workshop with its community's state and the number of people now in its group."""

    title = serializers.CharField(max_length=255)
    description = serializers.CharField(max_length=5000, allow_blank=True, required=False)
    tag_id = serializers.PrimaryKeyRelatedField(
        source="tag", queryset=Tag.objects.all(), allow_null=True, required=False,
        pk_field=serializers.UUIDField(), error_messages={"does_not_exist": "There is no such tag here."},
    )  # fmt: skip
    next_statuses = serializers.ListField(child=serializers.CharField(), read_only=True)
    community = serializers.SerializerMethodField()
    community_group_id = serializers.UUIDField(read_only=True, allow_null=True)
    member_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Workshop
        fields = [
            "id", "title", "description", "starts_at", "ends_at", "tag_id", "status", "next_statuses",
            "community_group_id", "member_count", "community", "created_by", "created_at", "updated_at", "archived_at",
        ]  # fmt: skip
        read_only_fields = ["id", "status", "created_by", "created_at", "updated_at", "archived_at"]

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


class StatusSerializer(serializers.Serializer[Any]):
    """The state that a workshop is to be in."""

    status = serializers.ChoiceField(choices=Workshop.Status.choices)


class EventsTicketSerializer(serializers.Serializer[Any]):
    """Where the live updates of a workshop can be opened, once, and until when."""

    url = serializers.URLField()
    expires_at = serializers.DateTimeField()
