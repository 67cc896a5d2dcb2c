"""The live updates of a workshop as a stream of server-sent events, which the ASGI process serves."""

import asyncio
import logging
from collections.abc import AsyncIterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from redis.exceptions import RedisError

from common import live
from common.responses import json_error
from workshops import services

log = logging.getLogger(__name__)

_hub = live.Hub()
_HEARTBEAT = ": heartbeat\n\n"
_GONE = "event: gone\ndata: {}\n\n"


async def events(request: HttpRequest, pk: UUID) -> StreamingHttpResponse | JsonResponse:
    """
    Follow a workshop with a ticket from `POST …/events-ticket`, since `Last-Event-ID` if one is given.

    It ends with `gone` when the reader is no longer a member who may read.
    """
    if request.method != "GET":
        return json_error(405, "method_not_allowed", "A stream is read with GET.")
    if not isinstance(request, ASGIRequest):
        return json_error(421, "not_the_live_process", "Streams are served elsewhere: use the url of a new ticket.")
    try:
        ticket = await sync_to_async(live.take_ticket)(request.GET.get("ticket", ""))
    except live.LiveUnavailable as error:
        return json_error(error.status, error.code, error.message)
    if ticket is None:
        return json_error(401, "ticket_invalid", "This ticket is unknown, used or expired: ask for a new one.")
    if ticket.topic != str(pk):
        return json_error(404, "not_found", "This ticket is for another workshop.")
    if len(_hub) >= settings.LIVE_MAX_STREAMS:
        return json_error(503, "too_many_streams", "Too many pages are open here: try again in a while.")
    return StreamingHttpResponse(
        _frames(ticket, _last_event_id(request)),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _last_event_id(request: HttpRequest) -> str:
    """From the query, since a page that comes back opens a new EventSource, or the header that others send."""
    return request.GET.get("last_event_id", "") or request.headers.get("Last-Event-ID", "")


async def _frames(ticket: live.Ticket, last_event_id: str) -> AsyncIterator[str]:
    """The stream. Nothing of the database is held while it waits."""
    listener = live.Listener(ticket.topic, last_event_id)
    try:
        if not await _may_follow(ticket):
            yield _GONE
            return
        for event in await _hub.join(listener):
            yield event.frame
        while True:
            async for event in listener.until(asyncio.get_running_loop().time() + settings.LIVE_HEARTBEAT_SECONDS):
                yield event.frame
            if not await _may_follow(ticket):
                yield _GONE
                return
            yield _HEARTBEAT
    except (live.Full, RedisError, DatabaseError, OSError) as error:
        log.warning("a stream ends, its page will come back: %s", error)
    finally:
        _hub.leave(listener)


@sync_to_async
def _may_follow(ticket: live.Ticket) -> bool:
    """Asked in a thread, whose connection goes back to the pool at once."""
    try:
        return services.may_follow(
            organization_id=ticket.organization_id, user_id=ticket.user_id, workshop_id=ticket.topic
        )
    finally:
        connection.close()
