"""The asynchronous Python SDK: it drops the path of its base URL, so Stream is served at the root as well."""

import asyncio

import pytest
from stream_chat import StreamChatAsync
from stream_chat.base.exceptions import StreamAPIException

from sandbox.client import Sandbox
from sandbox.tests.test_stream import KEY, SECRET


async def _first_conversation(url: str) -> tuple[int, list[str]]:
    async with StreamChatAsync(KEY, SECRET, base_url=url) as sdk:
        channel = sdk.channel("messaging", "one", {"members": ["ada", "bob"]})
        with pytest.raises(StreamAPIException) as refused:
            await channel.create("ada")
        await sdk.upsert_users([{"id": "ada"}, {"id": "bob"}])
        await channel.create("ada")
        members = await channel.query_members({})
        await channel.send_message({"text": "hello"}, "bob")
        return refused.value.error_code, [member["user_id"] for member in members]


async def _at_once(url: str, number: int) -> list[str]:
    async with StreamChatAsync(KEY, SECRET, base_url=url) as sdk:
        await sdk.upsert_users([{"id": "ada"}, {"id": "bob"}])
        channels = [sdk.channel("messaging", "one", {"members": ["ada", "bob"]}) for _ in range(number)]
        answers = await asyncio.gather(*(channel.create("ada") for channel in channels))
        return [answer["channel"]["cid"] for answer in answers]


def test_a_conversation_is_made_step_by_step(sandbox: Sandbox) -> None:
    assert asyncio.run(_first_conversation(sandbox.base_url)) == (4, ["ada", "bob"])


def test_sixty_at_once_make_one_channel(sandbox: Sandbox) -> None:
    assert set(asyncio.run(_at_once(sandbox.base_url, 60))) == {"messaging:one"}
    assert len(sandbox.stream.channels()) == 1
