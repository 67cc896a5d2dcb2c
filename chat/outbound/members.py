"""Leaving a conversation."""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from chat import services
from chat.client import ChannelNotThere, StreamClient, UsersGone
from chat.outbound.deadline import Deadline
from chat.outbound.opening import ChatUnavailable
from chat.services import Party
from common.vendors import VendorError

log = logging.getLogger(__name__)


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
