"""Everybody's profile brought in step with Stream, a hundred at a time."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from chat import services
from chat.client import MOST_USERS, StreamClient
from chat.outbound.deadline import Deadline
from chat.outbound.pushing import pause, push
from chat.services import Drift, Party, Person

_CALL_SECONDS = 90.0
#: Told the differences of a batch, and who could not be put right.
Report = Callable[[list[tuple[Person, Drift]], set[str]], object]


def sync_users(*, parties: Iterable[Party], is_dry_run: bool, report: Report) -> None:
    """
    Compare with Stream, and put right what differs unless `is_dry_run`. No faster than Stream allows.

    :raises VendorError: Stream cannot be asked
    """
    client = StreamClient()
    for batch in _batches(parties):
        deadline = Deadline(_CALL_SECONDS)
        people = services.preview(parties=batch) if is_dry_run else services.identify(parties=batch)
        found = deadline.retry(lambda people=people: client.query_users([one.stream_id for one in people]))  # type: ignore[misc]  # mypy: default of a lambda
        compared = []
        for person in people:
            user = found.get(person.stream_id)
            is_asleep = bool(user and user.is_deactivated)
            drift = services.compare(person=person, fields=user.fields if user else None, is_deactivated=is_asleep)
            compared.append((person, drift))
        report(compared, set() if is_dry_run else _put_right(client, deadline, compared))
        pause(client)


def _put_right(client: StreamClient, deadline: Deadline, compared: list[tuple[Person, Drift]]) -> set[str]:
    """Answers whom Stream would not have."""
    asleep = [person.stream_id for person, drift in compared if drift is Drift.DEACTIVATED]
    services.record_gone(stream_ids=asleep, is_deleted=False, detail="Stream says that this user is deactivated.")
    services.record_pushed(people=[person for person, drift in compared if drift is Drift.SAME])
    wrong = [person for person, drift in compared if drift in (Drift.MISSING, Drift.DIFFERENT)]
    if not wrong:
        return set(asleep)
    pushed = push(client, deadline, wrong)
    pause(client)
    return {*asleep, *pushed.gone, *pushed.refused}


def _batches(parties: Iterable[Party]) -> Iterator[list[Party]]:
    source = iter(parties)
    while batch := list(islice(source, MOST_USERS)):
        yield batch
