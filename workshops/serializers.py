"""Shapes of workshops in the API."""

from typing import Any
from urllib.parse import urlsplit

from rest_framework import serializers

from organizations.serializers import TemplateField
from workshops.models import Community, Tag, Workshop
from workshops.models.community import DESCRIPTION_CHARS, NAME_CHARS

#: Names that mean something else on each network.
_INNER_DOMAINS = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


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


class PictureField(serializers.URLField):
    """
    The address of a picture that anybody can fetch, by https; empty for none.

    The gateway fetches it from where it stands: an address inside somebody's network is none of ours to hand on.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=2000, allow_blank=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The address. :raises ValidationError: it is not by https, names no public host, or carries a password"""
        value: str = super().to_internal_value(data)
        if value and not _is_public(value):
            raise serializers.ValidationError("Use the https address of a picture on a public site.")
        return value


def _is_public(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_name = "." in host and not host.rpartition(".")[2].isdigit() and not host.endswith(_INNER_DOMAINS)
    return parts.scheme == "https" and is_name and parts.username is None


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


class TagSerializer(serializers.ModelSerializer[Tag]):
    """
    A kind of workshop. An empty template is the organization's.

    `{invite_link}` is for descriptions only, and its line is left out of what a new community is given: the link is
    not known before.
    """

    name = serializers.CharField(max_length=100)
    name_template = TemplateField(max_length=200, required=False, allow_blank=True)
    description_template = TemplateField(max_length=2000, has_link=True, required=False, allow_blank=True)
    picture_url = PictureField(required=False)

    class Meta:
        model = Tag
        fields = [
            "id", "name", "is_default", "name_template", "description_template", "picture_url", "is_announcement",
            "is_restricted", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "is_default", "created_at", "updated_at"]


class PreviewSerializer(TagSerializer):
    """A tag that need not be saved, and the workshop to try it on: one that is made up when none is named."""

    name = serializers.CharField(max_length=100, default="Preview")
    workshop_id = serializers.PrimaryKeyRelatedField(
        queryset=Workshop.objects.select_related("organization"), required=False, pk_field=serializers.UUIDField(),
        error_messages={"does_not_exist": "There is no such workshop here."},
    )  # fmt: skip

    class Meta(TagSerializer.Meta):
        fields = [
            "name", "name_template", "description_template", "picture_url", "is_announcement", "is_restricted",
            "workshop_id",
        ]  # fmt: skip


class PlanSerializer(serializers.Serializer[Any]):
    """
    What a new community is given. `full_description` has the lines with the invite link, which `description` lacks:
    the link is not known before, and a gateway cannot change a description.
    """

    name = serializers.CharField()
    description = serializers.CharField()
    full_description = serializers.CharField()
    picture_url = serializers.CharField()
    is_announcement = serializers.BooleanField()
    is_restricted = serializers.BooleanField()


class WorkshopPlanSerializer(PlanSerializer):
    """The same for a workshop, beside the name that its community or group has now (empty: there is none)."""

    current_name = serializers.CharField()


class EventsTicketSerializer(serializers.Serializer[Any]):
    """Where the live updates of a workshop can be opened, once, and until when."""

    url = serializers.URLField()
    expires_at = serializers.DateTimeField()
