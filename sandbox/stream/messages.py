"""Messages, and the small things that happen in a channel."""

import uuid

from sandbox.problems import Json
from sandbox.stream import errors, events
from sandbox.stream.asking import Ask

_LONGEST_TEXT = 5_000
_MESSAGES_KEPT = 1_000


def send(ask: Ask) -> Json:
    """A message from the caller, or from the user whom a server names."""
    channel, row = ask.channel(), ask.mapping("message")
    sender = ask.caller or ask.user(ask.check_id(row.get("user_id") or (row.get("user") or {}).get("id")))
    ask.check_alive([sender.id])
    text = str(row.get("text") or "")
    if len(text) > _LONGEST_TEXT:
        raise ask.refusal(errors.INPUT, f"message is longer than {_LONGEST_TEXT} characters")
    now = ask.world.clock.text()
    own = {name: value for name, value in row.items() if name not in ("user", "user_id", "id")}
    message = {
        **own, "id": row.get("id") or str(uuid.uuid4()), "cid": channel.cid, "text": text, "type": "regular",
        "user": sender.described(), "created_at": now, "updated_at": now, "attachments": row.get("attachments") or [],
        "latest_reactions": [], "own_reactions": [], "reaction_counts": {}, "reply_count": 0, "mentioned_users": [],
    }  # fmt: skip
    channel.messages = [*channel.messages[1 - _MESSAGES_KEPT :], message]
    channel.last_message_at, channel.hidden_for = now, []
    events.of_channel(ask.world, "message.new", channel, message=message, user=sender.described())
    return {"message": message}


def get_message(ask: Ask) -> Json:
    """One message by its id."""
    for channel in ask.world.channels.values():
        for message in channel.messages:
            if message["id"] == ask.parts["message"]:
                ask.check_access(channel)
                return {"message": message}
    raise ask.refusal(errors.DOES_NOT_EXIST, f"Message with id {ask.parts['message']} doesn't exist")


def mark_read(ask: Ask) -> Json:
    """Taken note of, and no more."""
    ask.channel()
    return {"event": {"type": "message.read", "created_at": ask.world.clock.text()}}


def send_event(ask: Ask) -> Json:
    """Typing and the like: nobody is told."""
    ask.channel()
    return {"event": {**ask.mapping("event"), "created_at": ask.world.clock.text()}}
