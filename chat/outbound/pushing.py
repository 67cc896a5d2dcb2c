"""Profiles go to Stream, up to a hundred in a call; one that Stream refuses does not keep the others back."""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from chat import services
from chat.client import MOST_USERS, Misconfigured, StreamClient, UsersGone
from chat.outbound.deadline import Deadline
from chat.services import Person
from common.vendors import Invalid, RetrySoon, VendorError

log = structlog.get_logger(__name__)

_CALL_SECONDS = 20.0
_RUN_SECONDS = 45.0


@dataclass
class Pushed:
    """Who has the right profile in Stream now, who is gone there, and whose profile it refuses, by ids in Stream."""

    done: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    refused: dict[str, VendorError] = field(default_factory=dict)


def push(client: StreamClient, deadline: Deadline, people: Collection[Person]) -> Pushed:
    """
    Upsert these people, and write down what came of it.

    :raises VendorError: what time can cure, when there is no time left; a wrong configuration
    """
    outcome = Pushed()
    waiting = [list(people)[start : start + MOST_USERS] for start in range(0, len(people), MOST_USERS)]
    while waiting:
        batch = waiting.pop()
        try:
            deadline.retry(lambda batch=batch: _upsert(client, batch))  # type: ignore[misc]  # mypy: default of a lambda
        except UsersGone as error:
            waiting += _without(batch, error, outcome)
        except Invalid as error:
            waiting += _halves(batch, error, outcome)
        else:
            services.record_pushed(people=batch)
            outcome.done |= {person.stream_id for person in batch}
            log.info("users upserted", count=len(batch), ids=[person.stream_id for person in batch])
    return outcome


def _upsert(client: StreamClient, batch: Sequence[Person]) -> None:
    confirmed = client.upsert_users([person.profile for person in batch])
    if lacking := {person.stream_id for person in batch} - confirmed:
        raise RetrySoon(f"Stream did not confirm {', '.join(sorted(lacking))}")


def _without(batch: Sequence[Person], error: UsersGone, outcome: Pushed) -> Iterable[list[Person]]:
    """The batch without those who are gone; in halves when Stream does not say who that is."""
    gone = error.ids or (frozenset({batch[0].stream_id}) if len(batch) == 1 else frozenset())
    if not gone:
        middle = len(batch) // 2
        return [list(batch[:middle]), list(batch[middle:])]
    services.record_gone(stream_ids=gone, is_deleted=error.is_deleted, detail=error.detail)
    log.warning("users are gone in Stream", ids=sorted(gone))
    outcome.gone |= gone
    rest = [person for person in batch if person.stream_id not in gone]
    return [rest] if rest else []


def _halves(batch: Sequence[Person], error: Invalid, outcome: Pushed) -> Iterable[list[Person]]:
    """Halves of a batch in which Stream refuses somebody's profile; of one person, that is who it is."""
    if len(batch) > 1:
        middle = len(batch) // 2
        return [list(batch[:middle]), list(batch[middle:])]
    services.push_failed(people=batch, error=error, is_final=True)
    outcome.refused[batch[0].stream_id] = error
    return []


def push_profiles() -> int:
    """
    Push the profiles that have changed, a hundred at a time and no faster than Stream allows; answers how many.

    What is left after a while, and what failed, the next sweep goes on with.
    """
    client, ends_at, number = StreamClient(), time.monotonic() + _RUN_SECONDS, 0
    while time.monotonic() < ends_at and (people := services.lease_outdated(number=MOST_USERS)) is not None:
        try:
            number += len(push(client, Deadline(_CALL_SECONDS), people).done)
        except VendorError as error:
            _failed(people, error)
            break
        if people:
            pause(client)
    return number


def _failed(people: Sequence[Person], error: VendorError) -> None:
    log.warning("profiles were not pushed", count=len(people), code=error.code, detail=error.detail)
    services.push_failed(people=people, error=error, is_final=False)
    if isinstance(error, Misconfigured):
        services.stream_refuses_us(detail=error.detail)


def pause(client: StreamClient) -> None:
    """As long as the limit asks for between two calls of a kind."""
    if client.pace:
        time.sleep(client.pace.pause)
