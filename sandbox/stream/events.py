"""What Stream tells by webhook: https://getstream.io/chat/docs/python/webhook_events/."""

import uuid
from collections.abc import Mapping

from sandbox.problems import Json
from sandbox.stage import Event
from sandbox.stream.model import Channel, User
from sandbox.stream.world import ChatWorld

_MOST_MEMBERS = 50


def of_user(world: ChatWorld, kind: str, user: User, **more: Json) -> None:
    """user.updated, user.deleted, user.deactivated, user.reactivated."""
    _tell(world, kind, None, {"user": user.described(), **more})


def of_channel(world: ChatWorld, kind: str, channel: Channel, **more: Json) -> None:
    """channel.…, member.… and message.…; `more` has the member or the message."""
    members = list(channel.members.values())[:_MOST_MEMBERS]
    body = {
        "cid": channel.cid, "channel_id": channel.id, "channel_type": channel.type,
        "channel": world.channel_json(channel),
        "members": [world.member_json(member) for member in members], **more,
    }  # fmt: skip
    _tell(world, kind, channel.cid, body)


def _tell(world: ChatWorld, kind: str, cid: str | None, body: Mapping[str, Json]) -> None:
    """The id is the same at each attempt to deliver it."""
    headers = {"X-Webhook-Id": str(uuid.uuid4())}
    world.tell(Event(kind, None, cid, {"type": kind, "created_at": world.clock.text(), **body}, headers))
