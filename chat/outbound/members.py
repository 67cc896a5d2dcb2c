"""Tokens for browsers, and leaving."""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from chat import services
from chat.client import ChannelNotThere, IssuedToken, Misconfigured, StreamClient, UsersGone
from chat.outbound.deadline import Deadline
from chat.outbound.opening import ChatUnavailable
from chat.outbound.pushing import push
from chat.services import Party
from common.vendors import VendorError

log = logging.getLogger(__name__)

_PUSH_SECONDS = 2.0


def issue_token(*, party: Party) -> tuple[str, IssuedToken]:
    """
    The id in Stream, and a short-lived token for it.

    A token creates nobody: those whom Stream does not know yet are pushed first. If that takes too long, the token is
    good all the same, and a sweep pushes them.

    :raises ParticipantsGone: Stream has deactivated or deleted them
    :raises ChatUnavailable: our key or secret is wrong
    """
    (person,) = services.identify(parties=[party])
    client, deadline = StreamClient(), Deadline(_PUSH_SECONDS)
    if person.is_gone:
        services.check_gone([person])
    if not person.is_known:
        try:
            pushed = push(StreamClient(deadline.left), deadline, [person])
        except Misconfigured as error:
            services.stream_refuses_us(detail=error.detail)
            raise ChatUnavailable from error
        except VendorError as error:
            services.push_failed(people=[person], error=error, is_final=False)
        else:
            services.check_gone(services.identify(parties=[party]) if pushed.gone else [])
    log.info("token issued: user=%s", person.stream_id)
    return person.stream_id, client.issue_token(person.stream_id)


def leave(*, conversation_id: UUID, speakers: Sequence[Party]) -> None:
    """
    Take the first of `speakers` who takes part out of the channel. Safe to repeat.

    :raises NothingToLeave: none of them takes part
    :raises ChatUnavailable: Stream could not be asked, nothing was changed
    """
    departure = services.departure(conversation_id=conversation_id, speakers=speakers)
    deadline = Deadline(settings.CHAT_DEADLINE_SECONDS)
    client = StreamClient(deadline.left)
    try:
        deadline.retry(lambda: client.remove_member(departure.channel_type, departure.channel_id, departure.stream_id))
    except (ChannelNotThere, UsersGone):
        pass  # then they are out of it already
    except VendorError as error:
        log.warning("leaving %s: %s (%s)", conversation_id, error.detail, error.code)
        raise ChatUnavailable from error
    services.has_left(departure=departure)
    log.info("left: user=%s cid=%s:%s", departure.stream_id, departure.channel_type, departure.channel_id)
