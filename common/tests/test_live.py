"""The hub: slow pages, crowds, and what a topic remembers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from common import live
from common.live import events, hub


def run(test: Callable[[live.Hub], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(20):
            await test(live.Hub())
            while len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0.05)

    asyncio.run(main())


async def publish(topic: str, number: int = 1) -> None:
    for _ in range(number):
        await asyncio.to_thread(live.publish, topic, type="members")


def _hold_no_stream(key: str) -> None:
    """Something else has the topic's name."""
    events.client().set(key, "no stream")


def _hold_what_is_no_text(key: str) -> None:
    """Somebody else wrote into the topic."""
    events.client().xadd(key, {"event": b"\xff\xfe"})


def test_a_page_that_reads_nothing_is_dropped_and_starts_anew_when_it_is_back() -> None:
    topic = str(uuid4())

    async def test(one: live.Hub) -> None:
        opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def slow() -> None:
            listener = live.Listener(topic)
            try:
                opened.set_result((await one.join(listener))[-1].id)
                await asyncio.sleep(60)
            finally:
                one.leave(listener)

        page = asyncio.create_task(slow())
        last = await opened
        await publish(topic, hub.BACKLOG + 1)
        with pytest.raises(asyncio.CancelledError):
            await page
        assert len(one) == 0
        back = live.Listener(topic, last)
        assert [event.name for event in await one.join(back)] == ["reset"]
        one.leave(back)

    run(test)


def test_two_pages_hear_the_same_and_the_second_hears_nothing_twice() -> None:
    topic = str(uuid4())

    async def test(one: live.Hub) -> None:
        first, second = live.Listener(topic), live.Listener(topic)
        opening = await one.join(first)
        await publish(topic)
        second = live.Listener(topic, opening[-1].id)
        missed = await one.join(second)
        assert [event.name for event in missed] == ["ready", ""]
        await publish(topic, 2)
        heard = [await next_ids(page, number) for page, number in ((first, 3), (second, 2))]
        assert heard[0][0] == missed[-1].id
        assert heard[1] == heard[0][1:]
        one.leave(first)
        one.leave(second)

    run(test)


def test_events_without_end_do_not_keep_a_page_from_its_heartbeat() -> None:
    """At a heartbeat is asked whether the reader may still read."""

    async def test(one: live.Hub) -> None:
        page = live.Listener(str(uuid4()))
        page.begin([live.Event("1-0")])
        deadline, heard = asyncio.get_running_loop().time() + 0.05, 0
        page.give(live.Event("2-0"))
        async for event in page.until(deadline):
            heard += 1
            page.give(live.Event(f"{heard + 2}-0", event.data))
            assert asyncio.get_running_loop().time() < deadline + 10

    run(test)


def test_a_topic_that_begins_with_a_mark_is_forgotten_after_a_day() -> None:
    topic = str(uuid4())

    async def test(one: live.Hub) -> None:
        page = live.Listener(topic)
        await one.join(page)
        one.leave(page)

    run(test)
    assert 0 < int(events.client().ttl(events.key_of(topic))) <= events.SECONDS


@pytest.mark.parametrize("break_it", [_hold_no_stream, _hold_what_is_no_text], ids=["refused-by-redis", "unreadable"])
def test_a_topic_that_cannot_be_read_leaves_no_page_open_and_deaf(break_it: Callable[[str], None]) -> None:
    """
    Its own pages end, and come back; those of other topics are told to load anew, and go on hearing.

    Fails without `except Exception` in `Hub._reset`, and in `Hub._try_step` for what is no refusal of Redis'.
    """
    bad, good = str(uuid4()), str(uuid4())

    async def test(one: live.Hub) -> None:
        is_open = asyncio.Event()
        ended = asyncio.create_task(_page(one, bad, is_open))
        await is_open.wait()
        page = live.Listener(good)
        await one.join(page)
        await asyncio.to_thread(break_it, events.key_of(bad))
        await asyncio.wait([ended], timeout=10)
        assert ended.cancelled()
        deadline = asyncio.get_running_loop().time() + 10
        assert await anext(aiter(names(page, deadline))) == "reset"
        await publish(good)
        assert await anext(aiter(names(page, deadline))) == ""
        one.leave(page)

    run(test)


async def _page(one: live.Hub, topic: str, is_open: asyncio.Event) -> None:
    listener = live.Listener(topic)
    try:
        await one.join(listener)
        is_open.set()
        await asyncio.sleep(60)
    finally:
        one.leave(listener)


async def next_ids(page: live.Listener, number: int) -> list[str]:
    """Of so many events."""
    found: list[str] = []
    async for event in page.until(asyncio.get_running_loop().time() + 10):
        found.append(event.id)
        if len(found) == number:
            break
    return found


async def names(page: live.Listener, deadline: float) -> AsyncIterator[str]:
    async for event in page.until(deadline):
        yield event.name


def test_a_process_takes_so_many_pages_and_no_more(settings: Any) -> None:
    settings.LIVE_MAX_STREAMS = 1

    async def test(one: live.Hub) -> None:
        page = live.Listener(str(uuid4()))
        await one.join(page)
        with pytest.raises(live.Full):
            await one.join(live.Listener(str(uuid4())))
        one.leave(page)
        await one.join(page)
        one.leave(page)

    run(test)


def test_a_topic_remembers_about_a_thousand_events_for_a_day() -> None:
    topic = str(uuid4())
    for _ in range(1300):
        live.publish(topic, type="members")
    key = events.key_of(topic)
    assert 1000 <= int(events.client().xlen(key)) <= 1200
    assert 0 < int(events.client().ttl(key)) <= 24 * 60 * 60


def test_an_outage_of_redis_is_logged_once(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    address, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:9/0"
    for _ in range(3):
        live.publish("a", type="members")
    assert len(caplog.records) == 1
    settings.REDIS_URL = address
    live.publish("a", type="members")
