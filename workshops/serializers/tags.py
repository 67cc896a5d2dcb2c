"""Shapes of tags, and of what they make of a community, in the API."""

from typing import Any
from urllib.parse import urlsplit

from rest_framework import serializers

from organizations.serializers import TemplateField
from workshops.models import Tag, Workshop

#: Names that mean something else on each network.
_INNER_DOMAINS = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


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
