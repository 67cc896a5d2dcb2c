"""Identities: found or made, pushed or not, ended or back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import AppUser
from chat.models import Kind, StreamIdentity
from chat.services import profiles
from chat.services.profiles import Party
from common import tenancy
from common.errors import DomainError
from common.jobs import backoff
from common.vendors import RetryLater, VendorError
from organizations.models import Organization

_LEASE = timedelta(seconds=60)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=10)
#: A profile that others write over is put right so often at most: two who disagree do not quarrel without end.
REPAIR_SPACING = timedelta(minutes=10)
_State = StreamIdentity.State
#: Conversations are opened all day: no column is read that is not needed.
_NEEDED = (
    "kind", "stream_id", "state", "pushed_hash", "push_after", "company__name", "company__image_url",
    "company__deleted_at", "person__full_name", "person__username", "person__profile_image",
    "person__deleted_in_auth_at",
)  # fmt: skip


class ParticipantsNotFound(DomainError):
    """Some of those who were named are not in our database: nobody is invented for them."""

    code = "participants_not_found"
    status = 400


@dataclass(frozen=True, slots=True)
class Person:
    """
    An identity ready for Stream: the profile it should have there, and whether it has it.

    `seen_push_after` is the identity's `push_after` when the profile was read.
    """

    pk: UUID
    party: Party
    stream_id: str
    name: str
    profile: Mapping[str, str]
    fingerprint: str
    is_known: bool
    state: str
    seen_push_after: datetime | None

    @property
    def role(self) -> str:
        """In a channel."""
        return profiles.channel_role(self.party.kind)

    @property
    def is_gone(self) -> bool:
        """Whether Stream lets them take no part, as far as we know."""
        return self.state != _State.ACTIVE


def identify(*, parties: Collection[Party]) -> list[Person]:
    """
    The identities of `parties`, made where there are none, sorted by their ids in Stream. System-wide.

    :raises ParticipantsNotFound: some are not in our database, or were deleted; all of those are named
    """
    with tenancy.system():
        return found_or_made(parties)


def found_or_made(parties: Collection[Party]) -> list[Person]:
    """The same, for a caller who is the system already."""
    found = {_party(identity): identity for identity in _of(parties) if _is_alive(identity)}
    if lacking := [party for party in parties if party not in found]:
        _make(lacking)
        found |= {_party(identity): identity for identity in _of(lacking)}
    return sorted((ready(identity) for identity in found.values()), key=lambda person: person.stream_id)


@transaction.atomic
def preview(*, parties: Collection[Party]) -> list[Person]:
    """The same as `identify`, and nothing is written."""
    people = identify(parties=parties)
    transaction.set_rollback(True)
    return people


def ready(identity: StreamIdentity) -> Person:
    """What Stream should know of an identity whose owner is loaded."""
    profile = profiles.payload(identity)
    fingerprint = profiles.fingerprint(profile)
    return Person(
        pk=identity.pk, party=_party(identity), stream_id=identity.stream_id, name=profile["name"], profile=profile,
        fingerprint=fingerprint, is_known=identity.pushed_hash == fingerprint, state=identity.state,
        seen_push_after=identity.push_after,
    )  # fmt: skip


def _party(identity: StreamIdentity) -> Party:
    return Party(identity.kind, identity.owner_id)


def _of(parties: Collection[Party]) -> Iterable[StreamIdentity]:
    companies = [party.id for party in parties if party.kind == Kind.COMPANY]
    people = [party.id for party in parties if party.kind == Kind.USER]
    named = Q(company__in=companies) | Q(person__in=people)
    return StreamIdentity.objects.filter(named).select_related("company", "person").only(*_NEEDED)


def _is_alive(identity: StreamIdentity) -> bool:
    """Whether the company or person is not deleted on our side."""
    owner: Any = identity.owner
    return (owner.deleted_at if identity.kind == Kind.COMPANY else owner.deleted_in_auth_at) is None


def _make(parties: Collection[Party]) -> None:
    """:raises ParticipantsNotFound: some are not in our database"""
    wanted: dict[str, list[str]] = {kind: [party.id for party in parties if party.kind == kind] for kind in Kind}
    alive = {
        Kind.COMPANY: set(Organization.objects.filter(pk__in=wanted[Kind.COMPANY]).values_list("pk", flat=True)),
        Kind.USER: set(
            AppUser.objects.filter(pk__in=wanted[Kind.USER], deleted_in_auth_at=None).values_list("pk", flat=True)
        ),
    }
    if unknown := [str(party) for party in parties if party.id not in alive[Kind(party.kind)]]:
        raise ParticipantsNotFound(f"Not found: {', '.join(unknown)}. Check the ids; nobody was invited.")
    wished = {profiles.stream_id(party): party for party in parties}
    taken = set(StreamIdentity.objects.filter(stream_id__in=wished).values_list("stream_id", flat=True))
    made = [_new(party, stream_id, is_taken=stream_id in taken) for stream_id, party in wished.items()]
    StreamIdentity.objects.bulk_create(made, ignore_conflicts=True)


def _new(party: Party, stream_id: str, *, is_taken: bool) -> StreamIdentity:
    """The id may be that of somebody who has moved to another id of ours since: then it gets an ending."""
    key = {"company_id": party.id} if party.kind == Kind.COMPANY else {"person_id": party.id}
    ending = f"_{uuid4().hex[:8]}" if is_taken else ""
    return StreamIdentity(kind=party.kind, stream_id=f"{stream_id}{ending}", **key)


def record_pushed(*, people: Iterable[Person]) -> None:
    """Stream has their profiles."""
    with tenancy.system():
        found = {person.pk: (person.fingerprint, person.seen_push_after) for person in people}
        StreamIdentity.objects.pushed(found)


def record_gone(*, stream_ids: Collection[str], is_deleted: bool, detail: str) -> None:
    """Stream says that these were deleted or deactivated: they are left out of pushes until Stream says otherwise."""
    state = _State.DELETED if is_deleted else _State.DEACTIVATED
    with tenancy.system():
        StreamIdentity.objects.filter(stream_id__in=stream_ids).update(
            state=state, state_at=timezone.now(), pushed_hash="", push_after=None, lease_until=None,
            error_code="users_gone", error=detail,
        )  # fmt: skip


def record_state(*, stream_id: str, state: str, at: datetime) -> bool:
    """Stream told that a user ended or came back; False: it is not ours, or older news than we have."""
    with tenancy.system():
        known = StreamIdentity.objects.filter(Q(state_at=None) | Q(state_at__lt=at), stream_id=stream_id)
        changes: dict[str, Any] = {"pushed_hash": "", "push_after": timezone.now() if state == _State.ACTIVE else None}
        if state == _State.ACTIVE:
            changes |= {"error": "", "error_code": ""}
        return bool(known.update(state=state, state_at=at, **changes))


@transaction.atomic
def lease_outdated(*, number: int) -> list[Person] | None:
    """
    Claim up to `number` identities whose profile should go to Stream; those that have it already are let go. None: no
    identity is due.
    """
    with tenancy.system():
        keys = StreamIdentity.objects.lease_outdated(number=number, lease=_LEASE)
        rows = StreamIdentity.objects.filter(pk__in=keys).select_related("company", "person")
        people = [ready(identity) for identity in rows]
        StreamIdentity.objects.pushed(
            {person.pk: (person.fingerprint, person.seen_push_after) for person in people if person.is_known}
        )
    return [person for person in people if not person.is_known] if keys else None


def push_failed(*, people: Sequence[Person], error: VendorError, is_final: bool) -> None:
    """A push did not succeed: later again, or, when it is the profile that Stream refuses, when that has changed."""
    with tenancy.system():
        for identity in StreamIdentity.objects.filter(pk__in=[person.pk for person in people]).select_for_update():
            identity.failures += 1
            identity.error_code, identity.error, identity.lease_until = error.code, error.detail, None
            identity.push_after = None if is_final else timezone.now() + _pause(identity.failures, error)
            identity.save(update_fields=["failures", "error_code", "error", "lease_until", "push_after"])


def _pause(failures: int, error: VendorError) -> timedelta:
    if isinstance(error, RetryLater):
        return error.after
    return backoff(failures, base=_FIRST_PAUSE, longest=_LONGEST_PAUSE)


def profiles_changed(*, company_ids: Sequence[str] = (), person_ids: Sequence[str] = ()) -> int:
    """
    Names or pictures of these are others now; those whom Stream knows are pushed by the next sweep, a hundred a call.

    Answers how many those are.
    """
    with tenancy.system():
        return StreamIdentity.objects.mark_outdated(company_ids=company_ids, person_ids=person_ids)


def profile_was_told(*, stream_id: str, fields: Mapping[str, Any]) -> bool:
    """
    Stream told what it has of a user. What differs from what it should have is put right, but no more often than every
    ten minutes. Answers whether it differed.
    """
    with tenancy.system():
        identity = StreamIdentity.objects.select_related("company", "person").filter(stream_id=stream_id).first()
        if identity is None or identity.is_gone or not differs(profiles.payload(identity), fields):
            return False
        now = timezone.now()
        soonest = max(now, identity.repaired_at + REPAIR_SPACING) if identity.repaired_at else now
        StreamIdentity.objects.filter(pk=identity.pk).update(pushed_hash="", push_after=soonest, repaired_at=soonest)
    return True


def differs(profile: Mapping[str, str], fields: Mapping[str, Any]) -> bool:
    """Whether what Stream has is not the profile that it should have."""
    return any((fields.get(name) or "") != profile.get(name, "") for name in ("name", "image", "role"))


def push_again(*, identity: StreamIdentity) -> None:
    """A person's "again": push at the next sweep, whatever we believe of it, an end in Stream included."""
    with tenancy.system():
        StreamIdentity.objects.filter(pk=identity.pk).update(
            state=_State.ACTIVE, pushed_hash="", push_after=timezone.now(), failures=0, error="", error_code=""
        )


def is_push_due() -> bool:
    """Whether profiles wait to be pushed."""
    with tenancy.system():
        return StreamIdentity.objects.outdated().exists()


def forgiven(person: Person) -> Person:
    """The same as if they were not known, nor known to be gone."""
    return replace(person, is_known=False, state=_State.ACTIVE)
