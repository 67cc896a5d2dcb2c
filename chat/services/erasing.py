"""People who were erased here: who they were is forgotten at once, and Stream is to forget them too."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from chat.models import Conversation, Erasure, Kind, Participant, StreamIdentity
from chat.services import profiles
from chat.services.profiles import Party
from common import tenancy
from common.jobs import backoff
from common.vendors import RetryLater, RetrySoon, VendorError
from webhooks import services as webhooks

ALARM = "chat_erasure"
_KEY = "stream"
_SUBJECT = "Stream Chat does not delete somebody who was erased here"
_ADVICE = "It is tried again. The table chat_erasures says who it is."
#: By then whoever read the profile before the erasure is done with it: a push after the deletion would bring them back.
_DELAY = timedelta(minutes=2)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)


@transaction.atomic
def person_erased(*, person_id: str) -> None:
    """
    Forget who somebody was in Stream, and queue their deletion there; in the transaction of the erasure.

    Their place in conversations stays, under an id that says nothing: they have left, and no repair brings them back.
    """
    with tenancy.system():
        identity = StreamIdentity.objects.select_for_update().filter(person=person_id).first()
        if identity is None:
            return
        was, now = identity.stream_id, timezone.now()
        Erasure.objects.create(stream_id=was, run_after=now + _DELAY)
        identity.stream_id = profiles.stream_id(Party(Kind.USER, person_id))
        identity.state, identity.state_at = StreamIdentity.State.DELETED, now
        identity.pushed_hash, identity.push_after, identity.error, identity.error_code = "", None, "", ""
        identity.save()
        _leave(identity, was)
        webhooks.erase_deliveries(names=[was])


def _leave(identity: StreamIdentity, was: str) -> None:
    now = timezone.now()
    rows = Participant.objects.filter(identity=identity)
    rows.update(is_member=False, member_at=now, left_at=Coalesce("left_at", now))
    for conversation in Conversation.objects.filter(participants__identity=identity).exclude(error=""):
        conversation.error = conversation.error.replace(was, identity.stream_id)
        conversation.missing = [one for one in conversation.missing if one != was]
        conversation.save(update_fields=["error", "missing"])


def claim_erasure() -> Erasure | None:
    """Whose turn it is, leased; None: nobody is due. System-wide."""
    with tenancy.system():
        erasure = Erasure.objects.ripe().first()
        return erasure and Erasure.objects.claim(erasure.pk, erasure.attempt, lease=Erasure.LEASE)


def erasure_done(*, erasure: Erasure) -> None:
    """Stream has them no more, and nothing here says who it was, what Stream has told of them meanwhile included."""
    with tenancy.system():
        webhooks.erase_deliveries(names=[erasure.stream_id])
        erasure.delete()
        if not Erasure.objects.filter(failures__gt=0).exists():
            webhooks.close_alarm(kind=ALARM, key=_KEY)


def erasure_failed(*, erasure: Erasure, error: VendorError) -> None:
    """Later again, without end; staff are told when it is no passing fault, or lasts."""
    failures, detail = erasure.failures + 1, error.detail.replace(erasure.stream_id, "somebody")
    is_passing = isinstance(error, RetrySoon | RetryLater)
    wait = error.after if isinstance(error, RetryLater) else timedelta()
    pause = max(wait, backoff(failures, base=_FIRST_PAUSE, longest=_LONGEST_PAUSE))
    with tenancy.system():
        same = Erasure.objects.filter(pk=erasure.pk, attempt=erasure.attempt)
        same.update(failures=failures, error=detail, lease_until=None, run_after=timezone.now() + pause)
        if failures >= Erasure.PATIENCE or not is_passing:
            webhooks.raise_alarm(kind=ALARM, key=_KEY, subject=_SUBJECT, detail=f"{detail} {_ADVICE}")
