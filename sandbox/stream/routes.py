"""Stream's doors: keys and tokens, limits, the headers that tell of them, the clock."""

import json
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from functools import partial

from flask import Blueprint, Response, g, request

from sandbox import pipeline
from sandbox.faults import Fault
from sandbox.lab import Lab
from sandbox.problems import Json
from sandbox.stage import Answer, Call, Refused, json_answer
from sandbox.stream import apps, auth, channels, errors, members, messages, sockets, users
from sandbox.stream.asking import Ask
from sandbox.stream.model import User
from sandbox.stream.operations import OPERATIONS
from sandbox.stream.sockets import Connections

Work = Callable[[Ask], Json]

_CHANNEL = "/channels/<type>/<id>"
ROUTES: list[tuple[str, str, str, Work]] = [
    ("POST", "/users", "update_users", users.upsert),
    ("PATCH", "/users", "update_users_partial", users.update_partially),
    ("GET", "/users", "query_users", users.query),
    ("DELETE", "/users/<user>", "delete_user", users.delete),
    ("POST", "/users/delete", "delete_users", users.delete_many),
    ("POST", "/users/restore", "restore_users", users.restore),
    ("POST", "/users/deactivate", "deactivate_users", users.deactivate_many),
    ("POST", "/users/<user>/deactivate", "deactivate_user", users.deactivate),
    ("POST", "/users/<user>/reactivate", "reactivate_user", users.reactivate),
    ("GET", "/tasks/<task>", "get_task", users.get_task),
    ("POST", "/channels", "query_channels", channels.query),
    ("POST", f"{_CHANNEL}/query", "get_or_create_channel", channels.get_or_create),
    ("POST", "/channels/<type>/query", "get_or_create_channel", channels.get_or_create),
    ("POST", _CHANNEL, "update_channel", members.update_channel),
    ("PATCH", _CHANNEL, "update_channel_partial", channels.update_partially),
    ("DELETE", _CHANNEL, "delete_channel", channels.delete),
    ("POST", f"{_CHANNEL}/truncate", "truncate_channel", channels.truncate),
    ("POST", f"{_CHANNEL}/hide", "hide_channel", channels.hide),
    ("POST", f"{_CHANNEL}/show", "show_channel", channels.show),
    ("POST", f"{_CHANNEL}/message", "send_message", messages.send),
    ("POST", f"{_CHANNEL}/read", "mark_read", messages.mark_read),
    ("POST", f"{_CHANNEL}/event", "send_event", messages.send_event),
    ("GET", "/messages/<message>", "get_message", messages.get_message),
    ("GET", "/members", "query_members", members.query_members),
    ("GET", "/app", "get_app", apps.get_app),
    ("PATCH", "/app", "update_app", apps.update_app),
    ("GET", "/rate_limits", "rate_limits", apps.rate_limits),
]
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def blueprints(lab: Lab) -> list[Blueprint]:
    """All paths, under /stream and at the root: the asynchronous Python SDK drops a path from its base URL."""
    connections = Connections()
    lab.listen_to_chat(connections.tell)
    prefixes = {"stream": "/stream", "stream_at_root": None}
    return [_blueprint(lab, connections, name, prefix) for name, prefix in prefixes.items()]


def _blueprint(lab: Lab, connections: Connections, name: str, prefix: str | None) -> Blueprint:
    doors = Blueprint(name, __name__, url_prefix=prefix)
    doors.add_url_rule("/connect", "connect", partial(sockets.connect, lab, connections), websocket=True)
    for number, (method, path, operation, work) in enumerate(ROUTES):
        view = partial(_serve, lab, operation, work)
        doors.add_url_rule(path, f"{operation}_{number}", view, methods=[method])
    if prefix:
        doors.add_url_rule("/<path:rest>", "unknown", partial(_serve, lab, "unknown", apps.unknown), methods=_METHODS)
    doors.after_request(partial(_tell, lab))
    return doors


def _serve(lab: Lab, operation: str, work: Work, **parts: str) -> Response:
    cid = f"{parts['type']}:{parts['id']}" if "id" in parts else None
    call = pipeline.read_call("stream", operation, group=cid)
    try:
        with lab.lock:
            lab.stream.clock.tick()
            caller = _caller(lab)
            _count(lab, operation, "server" if caller is None else "web")
    except Refused as refused:
        return pipeline.refuse(lab, call, refused.answer)
    return pipeline.play(lab, call, lambda call, fault: _work(lab, operation, work, parts, call, caller, fault))


def _caller(lab: Lab) -> User | None:
    auth.check_key(request.args.get("api_key", ""), lab.settings.stream_api_key)
    if request.headers.get("stream-auth-type") != "jwt":
        raise Refused(errors.answer(errors.AUTHENTICATION, "stream-auth-type missing or invalid"))
    token = request.headers.get("Authorization", "")
    claims = auth.claims_of(token, lab.settings.stream_api_secret, lab.stream.clock.now())
    return auth.caller(lab.stream, claims)


def _count(lab: Lab, operation: str, platform: str) -> None:
    """:raises Refused: too many requests of this kind"""
    world = lab.stream
    g.quota = world.limits.take(operation, platform, world.clock.now())
    if g.quota.is_exceeded:
        known = "Too many requests, check response headers for more information."
        text = known if world.style["rate_text"] == "known" else "Rate limit exceeded."
        raise errors.failed(OPERATIONS[operation].rpc, errors.RATE_LIMIT, text)


def _work(
    lab: Lab, operation: str, work: Work, parts: Mapping[str, str], call: Call, caller: User | None, fault: Fault | None
) -> Answer:
    rpc = OPERATIONS[operation].rpc
    ask = Ask(lab.stream, rpc, parts, _given(rpc, call), caller, fault)
    body = {**work(ask), "duration": "1.00ms"}
    return json_answer(body, 201 if call.method == "POST" else 200)


def _given(rpc: str, call: Call) -> Mapping[str, Json]:
    """The body's object; of a GET or DELETE the query, with the JSON that its `payload` holds."""
    if call.method not in ("GET", "DELETE"):
        if not isinstance(call.body, dict):
            raise errors.failed(rpc, errors.INPUT, "invalid json payload")
        return call.body
    try:
        payload = json.loads(call.query.get("payload", "{}"))
    except ValueError as error:
        raise errors.failed(rpc, errors.INPUT, "payload is no JSON") from error
    if not isinstance(payload, dict):
        raise errors.failed(rpc, errors.INPUT, "payload is no object")
    return {**call.query, **payload}


def _tell(lab: Lab, response: Response) -> Response:
    """Stream's own clock, and what is left of the limit; the edge's plain text knows of none."""
    response.headers["Date"] = format_datetime(lab.stream.clock.moment(), usegmt=True)
    quota = g.pop("quota", None)
    if quota is not None and response.mimetype == "application/json":
        is_title = lab.stream.style["header_case"] == "title"
        for name, value in quota.headers().items():
            response.headers.setdefault(name.title() if is_title else name, value)
    return response
