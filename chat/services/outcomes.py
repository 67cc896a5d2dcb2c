"""How the attempt at a conversation ended, written down; and conversations left behind, started again."""

import logging
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.models import Conversation, Participant, StreamIdentity
from chat.services.opening import Plan
from common import tenancy
from common.errors import DomainError
from common.jobs import SWEEP_GRACE, backoff, soon
from common.queue import enqueue
from common.vendors import RetryLater, VendorError

log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
_BATCH = 500
_Status = Conversation.Status


def conversation_ready(*, plan: Plan, members: Collection[str]) -> Conversation:
    """Everybody is in the channel. Nothing is written where that was known before."""
    conversation = plan.conversation
    if plan.is_settled:
        return conversation
    with tenancy.system():
        now = timezone.now()
        absent = Participant.objects.filter(conversation=conversation, is_member=False, identity__stream_id__in=members)
        absent.update(is_member=True, member_at=now)
        return _write(
            plan, status=_Status.READY, ready_at=conversation.ready_at or now, missing=[], error="", error_code="",
            failures=0, run_after=None,
        )  # fmt: skip


def conversation_waits(*, plan: Plan, error: VendorError) -> Conversation:
    """What time can cure: a task goes on with it, later and later; after so many times a person must look."""
    conversation = plan.conversation
    with tenancy.system():
        if conversation.is_ready:
            return conversation
        failures = conversation.failures + 1
        if failures >= Conversation.MAX_FAILURES:
            return _write(plan, status=_Status.FAILED, failures=failures, error=error.detail, error_code=error.code)
        wait = error.after if isinstance(error, RetryLater) else timedelta()
        pause = max(wait, backoff(failures, base=_FIRST_PAUSE, longest=_LONGEST_PAUSE))
        return _write(
            plan, status=_Status.CREATING, failures=failures, error=error.detail, error_code=error.code,
            run_after=timezone.now() + pause,
        )  # fmt: skip


def conversation_failed(*, plan: Plan, error: VendorError, missing: Collection[str] = ()) -> Conversation:
    """What only a person can cure."""
    with tenancy.system():
        log.warning("conversation %s: %s (%s)", plan.conversation.pk, error.detail, error.code)
        Participant.objects.filter(conversation=plan.conversation, identity__stream_id__in=missing).update(
            is_member=False, member_at=timezone.now()
        )
        return _write(
            plan, status=_Status.FAILED, error=error.detail, error_code=error.code, missing=sorted(missing),
            run_after=None,
        )  # fmt: skip


def _write(plan: Plan, **changes: object) -> Conversation:
    """The end of an attempt; nothing when another attempt has taken the conversation over."""
    conversation = plan.conversation
    same = Conversation.objects.filter(pk=conversation.pk, attempt=conversation.attempt)
    if same.update(lease_until=None, **changes):
        for name, value in {"lease_until": None, **changes}.items():
            setattr(conversation, name, value)
        return conversation
    return Conversation.objects.get(pk=conversation.pk)


def release(*, plan: Plan) -> None:
    """A fault of ours in the middle: whoever comes next may go on at once."""
    if not plan.conversation.is_ready:
        with tenancy.system():
            _write(plan, run_after=soon())


@transaction.atomic
def sweep_conversations() -> int:
    """Start what was left behind. Answers how many. System-wide."""
    now = timezone.now()
    with tenancy.system():
        due = Conversation.objects.due(waiting=[_Status.CREATING], working=[])
        rows = list(due.select_for_update(skip_locked=True).order_by("run_after")[:_BATCH])
        Conversation.objects.filter(pk__in=[row.pk for row in rows]).update(run_after=now + SWEEP_GRACE)
        for row in rows:
            start(row, expires=SWEEP_GRACE)
    return len(rows)


def start(conversation: Conversation, *, expires: timedelta | None = None) -> None:
    """Let a task go on with it, after commit."""
    enqueue("chat.finish_conversation", expires=expires, conversation_id=conversation.pk, attempt=conversation.attempt)


class ConversationBusy(DomainError):
    """It is being created or repaired at this moment."""

    code = "conversation_busy"
    status = 409
    message = "It is being worked on at this moment. Look again in a minute."


@transaction.atomic
def queue_repair(*, conversation: Conversation) -> Conversation:
    """
    Let a task push everybody anew, those believed to be gone included, and bring back whoever is missing.

    :raises ConversationBusy: somebody is at it
    """
    with tenancy.system():
        row = Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
        if row.is_leased:
            raise ConversationBusy
        StreamIdentity.objects.filter(participations__conversation=row).update(
            state=StreamIdentity.State.ACTIVE, pushed_hash=""
        )
        row.status, row.failures, row.run_after = _Status.CREATING, 0, soon()
        row.save(update_fields=["status", "failures", "run_after"])
        start(row)
    return row


def repairable(
    *, company_id: str = "", conversation_id: UUID | None = None, only_unready: bool = False
) -> Collection[UUID]:
    """Which conversations a repair looks at: all, one company's, or one; without those that are ready, if so wished."""
    with tenancy.system():
        rows = Conversation.objects.order_by("pk")
        rows = rows.joined_by(company_id) if company_id else rows
        rows = rows.filter(pk=conversation_id) if conversation_id else rows
        rows = rows.exclude(status=_Status.READY) if only_unready else rows
        return list(rows.values_list("pk", flat=True))
