"""Celery's door to chat."""

from typing import Any
from uuid import UUID

from celery import shared_task

from chat import outbound, services
from common.queue import enqueue


@shared_task(name="chat.finish_conversation")
def finish_conversation(*, conversation_id: str, attempt: int, **_: Any) -> None:
    """Go on with one conversation."""
    outbound.finish_conversation(conversation_id=UUID(str(conversation_id)), attempt=attempt)


@shared_task(name="chat.push_profiles")
def push_profiles(**_: Any) -> None:
    """Push the profiles that have changed."""
    outbound.push_profiles()


@shared_task(name="chat.sweep")
def sweep(**_: Any) -> None:
    """Start what was left behind or is due; end tokens, delete who was erased; see whether an alarm is over."""
    services.sweep_conversations()
    if services.is_push_due():
        enqueue("chat.push_profiles")
    outbound.revoke_tokens()
    outbound.erase_people()
    outbound.look_again()
