"""The gateway's doors: its paths, its key, its clock."""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

from flask import Blueprint, Response, request

from sandbox import pipeline
from sandbox.faults import Fault
from sandbox.gateway import faults, operations
from sandbox.gateway.world import World
from sandbox.lab import Lab
from sandbox.stage import Answer, Call

Operation = Callable[[World, Call, Fault | None], Answer]

_GROUP = "/groups/<session>/<group>"
ROUTES: list[tuple[str, str, str, Operation]] = [
    ("POST", "/connect", "connect", operations.connect),
    ("GET", "/status/<session>", "status", operations.status),
    ("POST", "/disconnect/<session>", "disconnect", operations.disconnect),
    ("GET", "/health", "health", operations.health),
    ("GET", "/groups/<session>", "groups", operations.list_groups),
    ("POST", "/create-community", "create_community", operations.create_community),
    ("GET", f"{_GROUP}/participants", "participants", operations.list_participants),
    ("POST", f"{_GROUP}/participants", "add_participants", operations.add_participants),
    ("GET", f"{_GROUP}/invite", "invite", operations.invite),
    ("POST", "/send", "send", operations.send),
]
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def blueprint(lab: Lab) -> Blueprint:
    """All paths of the gateway; what is not among them is answered and noted, too."""
    doors = Blueprint("gateway", __name__, url_prefix="/gateway")
    for method, path, name, operation in ROUTES:
        doors.add_url_rule(path, name, partial(_serve, lab, name, operation), methods=[method])
    doors.add_url_rule("/<path:rest>", "unknown", partial(_serve, lab, "unknown", operations.unknown), methods=_METHODS)
    doors.after_request(partial(_tell_time, lab))
    return doors


def _serve(
    lab: Lab, name: str, operation: Operation, session: str | None = None, group: str | None = None, rest: str = ""
) -> Response:
    call = pipeline.read_call("gateway", name, session=session, group=group)
    key = request.headers.get("X-API-Key", "")
    if not hmac.compare_digest(key.encode(), lab.settings.gateway_api_key.encode()):
        return pipeline.refuse(lab, call, faults.refusal(401, "Invalid or missing API key"))
    return pipeline.play(lab, call, lambda call, fault: operation(lab.gateway, call, fault))


def _tell_time(lab: Lab, response: Response) -> Response:
    """The gateway's own clock, which may be wrong."""
    moment = datetime.now(UTC) + timedelta(seconds=lab.gateway.clock_offset)
    response.headers["Date"] = format_datetime(moment, usegmt=True)
    return response
