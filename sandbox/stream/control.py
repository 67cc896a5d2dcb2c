"""Control of Stream: its users and channels as they are, its limits, its clock, what hides new users, its webhooks."""

from functools import wraps

from sandbox import styles
from sandbox.control import Handler, Route
from sandbox.fields import Fields
from sandbox.lab import Lab
from sandbox.problems import Json
from sandbox.stream.operations import OPERATIONS
from sandbox.stream.variants import DEFAULT_STYLE, VARIANTS
from sandbox.webhooks import control as webhooks


def list_users(lab: Lab, fields: Fields) -> Json:
    """All users, the deleted ones too."""
    return {"users": [user.described() for user in lab.stream.users.values()]}


def list_channels(lab: Lab, fields: Fields) -> Json:
    """All channels with their members and messages, the softly deleted ones too."""
    world = lab.stream
    found = []
    for channel in world.channels.values():
        members = [world.member_json(member) for member in channel.members.values()]
        found.append({"channel": world.channel_json(channel), "members": members, "messages": channel.messages})
    return {"channels": found}


def change_visibility(lab: Lab, fields: Fields) -> Json:
    """Hide users that are made from now on, for `seconds` and for the next `operations` that name them."""
    seconds, operations = fields.number_or_none("seconds", 0, 3600), fields.count_or_none("operations")
    fields.done()
    lab.stream.hide_seconds, lab.stream.hide_operations = seconds or 0.0, operations or 0
    return {"seconds": lab.stream.hide_seconds, "operations": lab.stream.hide_operations}


def read_limits(lab: Lab, fields: Fields) -> Json:
    """Requests a minute of each operation, and how many were refused for that."""
    limits = lab.stream.limits
    return {"limits": {name: limits.limit(name) for name in OPERATIONS}, "refused": dict(limits.refused)}


def change_limits(lab: Lab, fields: Fields) -> Json:
    """Other limits, by operation."""
    changed = {name: fields.count(name, 1) for name in OPERATIONS if fields.holds(name)}
    fields.done()
    lab.stream.limits.changed |= changed
    return read_limits(lab, fields)


def set_stream_clock(lab: Lab, fields: Fields) -> Json:
    """Go `offset_seconds` ahead; with `step_seconds`, stand still but for so much at each request."""
    offset, step = fields.number_or_none("offset_seconds", -1e9), fields.number_or_none("step_seconds")
    fields.done()
    lab.stream.clock.set(offset or 0.0, step)
    return {"offset_seconds": lab.stream.clock.offset, "step_seconds": step, "now": lab.stream.clock.now()}


def _of_stream(handler: Handler) -> Handler:
    """A call about webhooks, for Stream's outbox instead of the gateway's."""

    @wraps(handler)
    def call(lab: Lab, fields: Fields, **parts: int) -> Json:
        return handler(lab.stream_post, fields, **parts)

    call.__name__ = f"stream_{handler.__name__}"
    return call


ROUTES: list[Route] = [
    ("GET", "/stream/users", list_users),
    ("GET", "/stream/channels", list_channels),
    ("POST", "/stream/visibility", change_visibility),
    ("GET", "/stream/limits", read_limits),
    ("POST", "/stream/limits", change_limits),
    ("POST", "/stream/clock", set_stream_clock),
    *styles.routes("stream", world=lambda lab: lab.stream, variants=VARIANTS, usual=DEFAULT_STYLE),
    *[(method, f"/stream{path}", _of_stream(handler)) for method, path, handler in webhooks.ROUTES],
]
