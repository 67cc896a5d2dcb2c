"""Shapes of WhatsApp in the API."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from whatsapp.models import Group, GroupMember, GroupSession, Session, SyncRun


class SessionSerializer(serializers.ModelSerializer[Session]):
    """A WhatsApp number. `qr_code` is there while it can be scanned, that is until `qr_expires_at`."""

    qr_code = serializers.CharField(source="live_qr_code", read_only=True)
    qr_expires_at = serializers.DateTimeField(read_only=True, allow_null=True)
    gateway = serializers.CharField(default="main")
    is_community_session = serializers.SerializerMethodField()

    class Meta:
        model = Session
        fields = [
            "id", "label", "gateway", "full_phone", "status", "status_reason", "qr_code", "qr_received_at",
            "qr_expires_at", "last_seen_at", "groups_synced_at", "groups_reason", "is_community_session", "created_at",
        ]  # fmt: skip
        read_only_fields = [
            "id", "full_phone", "status", "status_reason", "qr_code", "qr_received_at", "last_seen_at",
            "groups_synced_at", "groups_reason", "created_at",
        ]  # fmt: skip
        extra_kwargs = {"label": {"max_length": 100}}

    def get_is_community_session(self, session: Session) -> bool:
        """Whether this is the number that creates the organization's communities."""
        return bool(session.pk == self.context["community_session_id"])

    def validate_gateway(self, value: str) -> str:
        """One of the configured gateways."""
        if value not in settings.WHATSAPP_GATEWAYS:
            raise serializers.ValidationError(f"There is no gateway called {value}.")
        return value


class ChosenSessionSerializer(SessionSerializer):
    """The number that creates communities from now on, and how many were skipped before."""

    skipped_communities = serializers.IntegerField(read_only=True)

    class Meta(SessionSerializer.Meta):
        fields = [*SessionSerializer.Meta.fields, "skipped_communities"]


class GroupSessionSerializer(serializers.ModelSerializer[GroupSession]):
    """A number that is in the group. `is_admin` is null where the gateway does not say."""

    session_id = serializers.UUIDField(read_only=True)

    class Meta:
        model = GroupSession
        fields = ["session_id", "is_admin", "seen_at"]


class GroupSerializer(serializers.ModelSerializer[Group]):
    """
    A group, with counts taken from its members' rows. `reported_count` is what WhatsApp last said: a hint of which
    group it is, before its members are synced.
    """

    session_id = serializers.UUIDField(read_only=True, allow_null=True)
    parent_id = serializers.UUIDField(read_only=True, allow_null=True)
    active_count = serializers.IntegerField(read_only=True)
    left_count = serializers.IntegerField(read_only=True)
    hidden_count = serializers.IntegerField(read_only=True)
    seen_by = GroupSessionSerializer(many=True, read_only=True)

    class Meta:
        model = Group
        fields = [
            "id", "group_jid", "name", "kind", "session_id", "parent_id", "invite_link", "active_count", "left_count",
            "hidden_count", "reported_count", "seen_by", "last_snapshot_at", "created_at",
        ]  # fmt: skip


class InviteLinkSerializer(serializers.Serializer[Any]):
    """An invite link; empty when none is known."""

    invite_link = serializers.CharField()


class GroupMemberSerializer(serializers.ModelSerializer[GroupMember]):
    """A person in a group. `full_phone` is null while WhatsApp hides it."""

    class Meta:
        model = GroupMember
        fields = ["id", "lid", "full_phone", "phone_number", "status", "is_admin", "joined_at", "left_at"]


class SyncRunSerializer(serializers.ModelSerializer[SyncRun]):
    """A sync to follow: it is over when `finished_at` is set."""

    group_id = serializers.UUIDField(read_only=True)
    can_confirm = serializers.SerializerMethodField()

    class Meta:
        model = SyncRun
        fields = [
            "id", "group_id", "status", "requested_by", "doubts", "doubt_texts", "confirmed_doubts", "can_confirm",
            "wait_reason", "error_code", "error", "fetched", "added", "returned", "left", "updated", "unchanged",
            "kept", "hidden", "created_at", "started_at", "finished_at",
        ]  # fmt: skip

    doubt_texts = serializers.ListField(child=serializers.CharField(), read_only=True)

    def get_can_confirm(self, run: SyncRun) -> bool:
        """Whether a person may overrule its doubts."""
        return run.status == SyncRun.Status.SUSPICIOUS and set(run.doubts) <= SyncRun.CONFIRMABLE
