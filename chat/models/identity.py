"""Who a company or a person is in Stream."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now


class Kind(models.TextChoices):
    """What takes part in conversations."""

    COMPANY = "company"
    USER = "user"


class StreamIdentityQuerySet(models.QuerySet["StreamIdentity"]):
    """Finding whom to push, and writing down what was pushed."""

    def outdated(self) -> "StreamIdentityQuerySet":
        """Whose profile should go to Stream now, and nobody is at it."""
        now = Now()
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        return self.filter(free, push_after__lte=now, state=StreamIdentity.State.ACTIVE)

    def lease_outdated(self, *, number: int, lease: timedelta) -> list[uuid.UUID]:
        """Claim up to `number` of them; answers whose."""
        with connection.cursor() as cursor:
            cursor.execute(_LEASE, {"number": number, "seconds": lease.total_seconds()})
            return [row[0] for row in cursor.fetchall()]

    def pushed(self, hashes: Mapping[uuid.UUID, tuple[str, datetime | None]]) -> None:
        """
        Stream has these profiles now: id → hash, and what `push_after` was when the profile was read.

        A change since then keeps its `push_after`, and is pushed once more.
        """
        if not hashes:
            return
        rows: list[Any] = [list(hashes), *(list(column) for column in zip(*hashes.values(), strict=True))]
        with connection.cursor() as cursor:
            cursor.execute(_PUSHED, rows)

    def mark_outdated(self, *, company_ids: Sequence[str] = (), person_ids: Sequence[str] = ()) -> int:
        """The profiles of these have changed; answers how many of them Stream knows."""
        known = self.filter(Q(company__in=company_ids) | Q(person__in=person_ids))
        return known.update(push_after=Now())


class StreamIdentity(models.Model):
    """
    One company or one person in Stream. `stream_id` stays as it was first given, whatever happens to the id behind it.

    `pushed_hash` is of the profile that Stream was last given. `push_after` is when a push is due (NULL: not),
    `repaired_at` when a profile that somebody else had written over was last put right. `state_at` is when Stream said
    that the user ended or came back.
    """

    class State(models.TextChoices):
        ACTIVE = "active"
        DEACTIVATED = "deactivated", "deactivated in Stream"
        DELETED = "deleted", "deleted in Stream"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.TextField(choices=Kind)
    company = models.OneToOneField(
        "organizations.Organization", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    person = models.OneToOneField("accounts.AppUser", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    stream_id = models.TextField(unique=True)
    state = models.TextField(choices=State, default=State.ACTIVE)
    state_at = models.DateTimeField(null=True, blank=True)
    pushed_hash = models.TextField(blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True)
    push_after = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    repaired_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    error_code = models.TextField(blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = StreamIdentityQuerySet.as_manager()

    class Meta:
        db_table = "chat_stream_identities"
        verbose_name = "person in Stream"
        verbose_name_plural = "people in Stream"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=Kind.COMPANY, company__isnull=False, person=None)
                | Q(kind=Kind.USER, person__isnull=False, company=None),
                name="chat_stream_identities_one_kind",
            )
        ]
        indexes = [
            models.Index(fields=["push_after"], name="chat_identities_due", condition=Q(push_after__isnull=False))
        ]

    def __str__(self) -> str:
        return self.stream_id

    @property
    def owner_id(self) -> str:
        """The id of the company or person."""
        return str(self.company_id if self.kind == Kind.COMPANY else self.person_id)

    @property
    def owner(self) -> Any:
        """The company or person."""
        return self.company if self.kind == Kind.COMPANY else self.person

    @property
    def is_gone(self) -> bool:
        """Whether Stream lets them take no part."""
        return self.state != self.State.ACTIVE


_LEASE = """
UPDATE chat_stream_identities SET lease_until = statement_timestamp() + make_interval(secs => %(seconds)s)
WHERE id IN (
  SELECT id FROM chat_stream_identities
  WHERE push_after <= statement_timestamp() AND state = 'active'
    AND (lease_until IS NULL OR lease_until < statement_timestamp())
  ORDER BY push_after LIMIT %(number)s FOR UPDATE SKIP LOCKED
)
RETURNING id
"""
_PUSHED = """
UPDATE chat_stream_identities AS kept
SET pushed_hash = given.hash, pushed_at = statement_timestamp(), state = 'active', failures = 0,
    error = '', error_code = '', lease_until = NULL,
    push_after = CASE WHEN push_after IS NOT DISTINCT FROM given.seen THEN NULL ELSE push_after END
FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) AS given (id, hash, seen)
WHERE kept.id = given.id
"""
