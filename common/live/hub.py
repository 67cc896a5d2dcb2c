"""The listeners of one process: one reader of Redis for all of them."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

from django.conf import settings
from redis import asyncio as aioredis
from redis import exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from common.live.events import SECONDS, Event, event_of, key_of

log = logging.getLogger(__name__)

#: So many events may wait for a listener, and so many are told to one that comes back; beyond, it starts anew.
BACKLOG = 100
#: Entries of one topic in one read: fewer than BACKLOG, so that one read never overruns a listener that keeps up.
_BATCH = 50
#: How long a read waits, in milliseconds; after it, the topics of new listeners are read, too.
_BLOCK = 250
_PAUSE = 0.5
#: What a Redis Stream calls its entries.
_EVENT_ID = re.compile(r"[0-9]{1,18}-[0-9]{1,18}")
#: Redis itself, not one of its topics.
_AWAY = (exceptions.ConnectionError, exceptions.TimeoutError, OSError)


class Full(Exception):
    """This process has as many listeners as it may have."""

    def __str__(self) -> str:
        return "too many pages are open"


class Listener:
    """One open page. Events wait in its queue until the page has taken those before."""

    def __init__(self, topic: str, last_event_id: str = "") -> None:
        self.topic, self.last_event_id = topic, last_event_id
        self.is_dropped = False
        self._position: tuple[int, ...] = ()
        self._queue: asyncio.Queue[Event] = asyncio.Queue(BACKLOG)
        self._task = asyncio.current_task()

    def begin(self, opening: list[Event]) -> None:
        """Events up to the last of `opening`, which the page gets first, are not told again."""
        self._position = opening[-1].position

    def give(self, event: Event) -> None:
        """Let the event wait for the page; a page that has too many waiting is dropped, however stuck it is."""
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self.drop()

    def drop(self) -> None:
        """End the page. It comes back, and learns that it missed something."""
        self.is_dropped = True
        if self._task:
            self._task.cancel()

    async def until(self, deadline: float) -> AsyncIterator[Event]:
        """What comes until `deadline` (the loop's time), however fast it comes."""
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    event = await self._queue.get()
            except TimeoutError:
                return
            if event.position > self._position or event.name:
                self._position = event.position
                yield event
                if asyncio.get_running_loop().time() >= deadline:
                    return


class _Channel:
    """The listeners of one topic, and the id up to which they were told; empty before the first is ready."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.cursor = ""
        self.lock = asyncio.Lock()

    def tell(self, event: Event) -> None:
        for listener in list(self.listeners):
            if not listener.is_dropped:
                listener.give(event)
        self.listeners = {listener for listener in self.listeners if not listener.is_dropped}

    def drop(self) -> None:
        """End its pages, and read it no more."""
        self.cursor = ""
        for listener in self.listeners:
            listener.drop()


class Hub:
    """Tells each topic's events to its listeners, and `reset` to all when Redis was away."""

    def __init__(self) -> None:
        self._channels: dict[str, _Channel] = {}
        self._reader: asyncio.Task[None] | None = None
        self._is_away = False

    def __len__(self) -> int:
        return sum(len(channel.listeners) for channel in self._channels.values())

    async def join(self, listener: Listener) -> list[Event]:
        """
        What the page gets first: where it stands, then what it missed since `last_event_id`, or else `reset`.

        :raises Full: there are too many listeners
        :raises RedisError: Redis is away
        """
        if len(self) >= settings.LIVE_MAX_STREAMS:
            raise Full
        channel = self._channels.setdefault(listener.topic, _Channel())
        channel.listeners.add(listener)
        async with channel.lock, _redis() as redis:
            opening = await _opening(redis, listener)
            listener.begin(opening)
            channel.cursor = channel.cursor or opening[-1].id
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
        return opening

    def leave(self, listener: Listener) -> None:
        """The page is closed. Safe to call again; the reader ends by itself after the last one."""
        channel = self._channels.get(listener.topic)
        if channel is None:
            return
        channel.listeners.discard(listener)
        if not channel.listeners:
            del self._channels[listener.topic]

    async def _read(self) -> None:
        async with _redis() as redis:
            try:
                while self._channels:
                    await self._try_step(redis)
            finally:
                self._reader = None  # before anything is awaited: whoever joins now starts another one

    async def _try_step(self, redis: "aioredis.Redis") -> None:
        try:
            await self._step(redis)
        except Exception as error:  # whatever it is, pages must not stay open and deaf
            if not self._is_away:
                is_fault_of_ours = not isinstance(error, (exceptions.RedisError, OSError))
                text = "Redis is away: open pages start anew when it is back (%s)"
                log.warning(text, error, exc_info=is_fault_of_ours)
            self._is_away = True
            await asyncio.sleep(_PAUSE)

    async def _step(self, redis: "aioredis.Redis") -> None:
        if self._is_away:
            await self._reset(redis)
        channels = {key_of(topic): channel for topic, channel in self._channels.items() if channel.cursor}
        if not channels:
            await asyncio.sleep(_BLOCK / 1000)
            return
        cursors: dict[Any, Any] = {key: channel.cursor for key, channel in channels.items()}
        answer: Any = await redis.xread(cursors, count=_BATCH, block=_BLOCK)
        for key, entries in answer or ():
            for entry in entries:
                channels[key].cursor = entry[0]
                if event := event_of(entry):
                    channels[key].tell(event)

    async def _reset(self, redis: "aioredis.Redis") -> None:
        """Nobody knows what was lost: each topic goes on from where it stands now, but for one that cannot be read."""
        for topic, channel in list(self._channels.items()):
            try:
                channel.cursor = await _end_of(redis, topic)
            except _AWAY:
                raise
            except Exception:
                log.exception("live updates of %s cannot be read: its pages end", topic)
                channel.drop()
            else:
                channel.tell(Event(channel.cursor, name="reset"))
        self._is_away = False


def _redis() -> "aioredis.Redis":
    return aioredis.Redis.from_url(
        str(settings.REDIS_URL), protocol=2, decode_responses=True, socket_connect_timeout=1, socket_timeout=5,
        retry=Retry(NoBackoff(), 0),
    )  # fmt: skip


async def _opening(redis: "aioredis.Redis", listener: Listener) -> list[Event]:
    """An id that Redis does not know any more, or after which too much came, is answered by `reset`."""
    if not listener.last_event_id:
        return [Event(await _end_of(redis, listener.topic), name="ready")]
    last_id = listener.last_event_id
    entries: Any = None
    if _EVENT_ID.fullmatch(last_id):
        entries = await redis.xrange(key_of(listener.topic), min=last_id, count=BACKLOG + 2)
    if not entries or entries[0][0] != last_id or len(entries) > BACKLOG + 1:
        return [Event(await _end_of(redis, listener.topic), name="reset")]
    missed = [event for entry in entries[1:] if (event := event_of(entry))]
    return [Event(last_id, name="ready"), *missed]


async def _end_of(redis: "aioredis.Redis", topic: str) -> str:
    """Where a topic stands. One without history gets a mark, so that there is an id to come back with."""
    newest: Any = await redis.xrevrange(key_of(topic), count=1)
    if newest:
        return str(newest[0][0])
    pipeline = redis.pipeline(transaction=True)
    pipeline.xadd(key_of(topic), {"mark": "1"})
    pipeline.expire(key_of(topic), SECONDS)
    mark, _ = await pipeline.execute()
    return str(mark)
