"""A conversation between companies and people, and who takes part in it."""

import uuid
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from chat.models.identity import StreamIdentity
from common.jobs import Job, JobQuerySet


class ConversationQuerySet(JobQuerySet["Conversation"]):
    """Conversations by who takes part."""

    def still_joined(self) -> "ConversationQuerySet":
        """Those that somebody whose rows can be read has not left: as a tenant, oneself."""
        return self.filter(Exists(Participant.objects.filter(conversation=OuterRef("pk"), left_at=None)))

    def joined_by(self, company_id: str) -> "ConversationQuerySet":
        """Those of one company."""
        return self.filter(Exists(Participant.objects.filter(conversation=OuterRef("pk"), company_id=company_id)))


class Conversation(Job):
    """
    One per set of participants and context, by constraint: `channel_id` is made of them, and is the channel's id in
    Stream.

    It carries no organization: its participants read it (docs/chat.md). `active_at` is when it was made or last spoken
    in; lists go by it. `missing` names, by their ids in Stream, who should be in the channel and is not.
    """

    class Status(models.TextChoices):
        CREATING = "creating"
        READY = "ready"
        FAILED = "failed"
        DELETED = "deleted", "deleted in Stream"

    #: Longer than the longest attempt (FINISH_SECONDS) and its last call.
    LEASE = timedelta(seconds=60)
    MAX_FAILURES = 12

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel_type = models.TextField(default="messaging")
    channel_id = models.TextField(unique=True)
    name = models.TextField(blank=True)
    context = models.TextField(blank=True)
    status = models.TextField(choices=Status, default=Status.CREATING)
    speaker = models.ForeignKey(StreamIdentity, on_delete=models.CASCADE, related_name="+")
    requested_by = models.TextField()
    missing = ArrayField(models.TextField(), default=list, blank=True)
    error_code = models.TextField(blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ready_at = models.DateTimeField(null=True, blank=True)
    active_at = models.DateTimeField(db_default=Now(), editable=False)
    last_message_at = models.DateTimeField(null=True, blank=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        db_table = "chat_conversations"
        indexes = [
            models.Index(fields=["active_at", "id"], name="chat_conversations_by_activity"),
            models.Index(
                fields=["run_after"], name="chat_conversations_due",
                condition=Q(run_after__isnull=False) | Q(lease_until__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name or f"conversation {self.channel_id[-8:]}"

    @property
    def cid(self) -> str:
        """Its name in Stream."""
        return f"{self.channel_type}:{self.channel_id}"

    @property
    def is_ready(self) -> bool:
        """Whether everybody was in the channel when we last looked."""
        return self.status == self.Status.READY


class Participant(models.Model):
    """
    Somebody in a conversation. `company` and `person` repeat the identity's: the policy shows a row to its own.

    `is_member` is what Stream last said, at `member_at`; `left_at` when they left through us.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="participants")
    identity = models.ForeignKey(StreamIdentity, on_delete=models.CASCADE, related_name="participations")
    company = models.ForeignKey(
        "organizations.Organization", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    person = models.ForeignKey(
        "accounts.AppUser", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    is_member = models.BooleanField(default=False)
    member_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "chat_participants"
        constraints = [
            models.UniqueConstraint(fields=["conversation", "identity"], name="chat_participants_once"),
        ]
        indexes = [
            models.Index(fields=["company", "conversation"], name="chat_participants_company"),
            models.Index(fields=["person", "conversation"], name="chat_participants_person"),
        ]

    def __str__(self) -> str:
        return str(self.identity_id)
