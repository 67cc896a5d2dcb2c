"""Tokens for browsers: given, and ended before their time."""

import logging
from datetime import UTC, datetime

from chat import services
from chat.client import IssuedToken, Misconfigured, StreamClient, UsersGone
from chat.models import Kind
from chat.outbound.deadline import Deadline
from chat.outbound.opening import ChatUnavailable
from chat.outbound.pushing import pause, push
from chat.services import Party, Person
from common.vendors import Invalid, VendorError

log = logging.getLogger(__name__)

_PUSH_SECONDS = 2.0


def issue_token(*, party: Party, holder: str) -> tuple[str, IssuedToken]:
    """
    The id in Stream, and a short-lived token for it, which the person `holder` gets.

    A token creates nobody: those whom Stream does not know yet are pushed first. If that takes too long, the token is
    good all the same, and a sweep pushes them.

    :raises ParticipantsGone: Stream has deactivated or deleted them
    :raises ChatUnavailable: our key or secret is wrong
    """
    (person,) = services.identify(parties=[party])
    if person.is_gone:
        services.check_gone([person])
    if not person.is_known:
        _make_known(person)
    issued = StreamClient().issue_token(person.stream_id)
    if party.kind == Kind.COMPANY:
        # After it was signed: whoever finds the row and ends what was issued before that moment ends this one, too.
        services.company_token_given(identity_id=person.pk, person_id=holder, expires_at=issued.expires_at)
    log.info("token issued: user=%s", person.stream_id)
    return person.stream_id, issued


def _make_known(person: Person) -> None:
    """:raises ParticipantsGone: Stream has ended them. :raises ChatUnavailable: it refuses us altogether"""
    deadline = Deadline(_PUSH_SECONDS)
    try:
        pushed = push(StreamClient(deadline.left), deadline, [person])
    except Misconfigured as error:
        services.stream_refuses_us(detail=error.detail)
        raise ChatUnavailable from error
    except VendorError as error:
        services.push_failed(people=[person], error=error, is_final=False)
    else:
        services.check_gone(services.identify(parties=[person.party]) if pushed.gone else [])


def revoke_tokens() -> None:
    """
    End the tokens of companies that somebody holds who may no longer speak for them. What fails, the next sweep does.

    It ends those of their colleagues, too, whose SDK fetches another.
    """
    client = StreamClient()
    for stream_id, tokens in services.lost_tokens().items():
        now = datetime.now(UTC)
        try:
            client.revoke_tokens(stream_id, issued_before=now)
        except VendorError as error:
            log.warning("tokens of %s were not revoked: %s (%s)", stream_id, error.detail, error.code)
            if not isinstance(error, Invalid | UsersGone):
                return  # the others would fare no better
        else:
            log.info("tokens revoked: user=%s", stream_id)
            services.tokens_revoked(tokens=tokens, at=now)
            pause(client)
