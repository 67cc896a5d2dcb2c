"""One person brought in step on demand: what an app asks for when somebody signs in."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import AppUser, AuthUser
from accounts.services.failures import try_again
from accounts.services.identities import HEARSAY, IdentityFacts, record_identities
from common.errors import DomainError

#: Whatever the provider says itself is newer.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class AccountDeleted(DomainError):
    """The provider said that this account is gone."""

    code = "account_deleted"
    status = 410
    message = "This account was deleted."


class IdTaken(DomainError):
    """Somebody's older row is in the way: a repair has to put it right."""

    code = "id_mismatch"
    status = 409
    message = "An account with this e-mail is already here under another id. Ask the people who run this service."


@dataclass(frozen=True, slots=True)
class Arrival:
    """The person as stored now, and whether that was `created`, `updated` or `unchanged`."""

    action: str
    person: AppUser


@transaction.atomic
def sync_person(
    *, id: str, email: str | None, username: str = "", metadata: dict[str, Any] | None = None, is_trusted: bool
) -> Arrival:
    """
    See that a person's app user is there and in step.

    A server with the service key (`is_trusted`) is believed like the provider; an e-mail is confirmed when its metadata
    says `"email_verified": true`. A person's own browser is not believed: what the provider has said stands, and an
    e-mail that only the browser knows is unconfirmed.

    :raises AccountDeleted: the provider has deleted the account
    :raises IdTaken: another app user has the e-mail or the id
    """
    before = AppUser.objects.filter(pk=id).first()
    known = AuthUser.objects.filter(pk=id).first()
    if known and known.deleted_at:
        raise AccountDeleted
    shown = metadata or {}
    if is_trusted or known is None:
        facts = IdentityFacts(
            id=id, email=email, is_email_confirmed=is_trusted and shown.get("email_verified") is True,
            full_name=_text(shown, "full_name") or _text(shown, "name"), username=username or None,
            profile_image=_text(shown, "avatar_url"), updated_at=timezone.now() if is_trusted else _LONG_AGO,
        )  # fmt: skip
        record_identities(identities=[facts], provider=known.provider if known else HEARSAY)
    try_again(auth_id=id)
    after = AppUser.objects.filter(pk=id).first()
    if after is None:
        raise IdTaken
    return Arrival("created" if before is None else "unchanged" if _same(before, after) else "updated", after)


def _text(metadata: dict[str, Any], key: str) -> str:
    value = metadata.get(key)
    return value if isinstance(value, str) else ""


def _same(before: AppUser, after: AppUser) -> bool:
    names = ("email", "username", "full_name", "profile_image", "deleted_in_auth_at")
    return all(getattr(before, name) == getattr(after, name) for name in names)
