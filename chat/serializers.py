"""Shapes of chat in the API."""

from typing import Any

from rest_framework import serializers

from chat.models import Conversation, Kind
from chat.services import Party


class PartySerializer(serializers.Serializer[Any]):
    """A company or a person."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    id = serializers.CharField(max_length=255)


class OpeningSerializer(serializers.Serializer[Any]):
    """A conversation to open. The name and the context count when it is made; another context is another one."""

    participants = serializers.ListField(child=PartySerializer(), min_length=1, max_length=100)
    name = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    context = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)  # type: ignore[assignment]  # DRF moves declared fields away from the attribute of its own

    def parties(self) -> list[Party]:
        """The participants."""
        return [Party(row["kind"], row["id"]) for row in self.validated_data["participants"]]


class SeatSerializer(serializers.Serializer[Any]):
    """A participant: `is_member` is whether Stream has them in the channel."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    id = serializers.CharField()
    name = serializers.CharField()
    stream_id = serializers.CharField()
    is_member = serializers.BooleanField()
    has_left = serializers.BooleanField()


class ConversationSerializer(serializers.ModelSerializer[Conversation]):
    """A conversation; `cid` is its channel in Stream. The view puts the participants in its context."""

    participants = serializers.SerializerMethodField()
    cid = serializers.CharField(read_only=True)

    class Meta:
        model = Conversation
        fields = [
            "id", "cid", "channel_type", "channel_id", "name", "context", "status", "participants", "missing",
            "error_code", "error", "created_at", "ready_at", "active_at", "last_message_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_participants(self, conversation: Conversation) -> list[dict[str, Any]]:
        """Who takes part."""
        return list(SeatSerializer(self.context["seats"][conversation.pk], many=True).data)


class TokenRequestSerializer(serializers.Serializer[Any]):
    """Whom a token is for: the caller, or the organization that the request speaks for."""

    as_ = serializers.ChoiceField(choices=Kind.choices)

    def get_fields(self) -> dict[str, Any]:
        """`as` is a word of Python's own."""
        fields = super().get_fields()
        return {"as": fields.pop("as_"), **fields}


class TokenSerializer(serializers.Serializer[Any]):
    """What a browser needs for `connectUser`."""

    api_key = serializers.CharField()
    user_id = serializers.CharField()
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
