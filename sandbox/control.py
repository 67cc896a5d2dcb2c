"""The control API: how tests, the demo and the control page move the worlds. JSON in, JSON out, 4xx with a reason."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.fields import Fields
from sandbox.gateway.world import DEFAULT_SEED
from sandbox.lab import Lab
from sandbox.problems import Json, bad_input

Handler = Callable[..., Json]
#: Method, path under /control, and a function of the lab, the body's fields and the path's parts.
Route = tuple[str, str, Handler]


def blueprint(lab: Lab, routes: list[Route]) -> Blueprint:
    """The paths under /control."""
    doors = Blueprint("control", __name__, url_prefix="/control")
    for method, path, handler in [*ROUTES, *routes]:
        name = handler.__name__
        doors.add_url_rule(path, name, partial(_serve, lab, handler), methods=[method])
    return doors


def _serve(lab: Lab, handler: Handler, **parts: Any) -> Response:
    fields = _fields()
    with lab.lock:
        lab.settle()
        answer = jsonify(handler(lab, fields, **parts))
        if request.method != "GET":
            lab.changed()
    return answer


def _fields() -> Fields:
    """A body must say that it is JSON: a page of another origin can then not send one unasked."""
    content = request.get_data()
    if content and not request.is_json:
        raise bad_input("send JSON with Content-Type: application/json")
    body = request.get_json(silent=True) if content else {}
    if body is None:
        raise bad_input("the body is not JSON")
    return Fields(body)


def reset(lab: Lab, fields: Fields) -> Json:
    """Begin anew."""
    seed = fields.count_or_none("seed", most=2**31)
    fields.done()
    lab.reset(DEFAULT_SEED if seed is None else seed)
    return state(lab, fields)


def state(lab: Lab, fields: Fields) -> Json:
    """The worlds in numbers."""
    world = lab.gateway
    return {
        "seed": world.names.seed,
        "sessions": len(world.sessions),
        "groups": len(world.groups),
        "people": len(world.people),
        "messages": len(world.messages),
        "pending": len(world.pending),
        "faults": len(lab.faults.list()),
        "requests": len(lab.journal),
        "style": world.style,
        "clock_offset": world.clock_offset,
        "webhooks": lab.outbox.pending(),
    }


def add_fault(lab: Lab, fields: Fields) -> Json:
    """Set a fault."""
    return vars(lab.faults.add(fields, lab.clock.now()))


def list_faults(lab: Lab, fields: Fields) -> Json:
    """What is set."""
    return {"faults": [vars(fault) for fault in lab.faults.list()]}


def fault_catalogue(lab: Lab, fields: Fields) -> Json:
    """What can be set."""
    return lab.faults.catalogue()


def clear_faults(lab: Lab, fields: Fields) -> Json:
    """Remove all faults."""
    lab.faults.clear()
    return {"faults": []}


def clear_fault(lab: Lab, fields: Fields, fault_id: int) -> Json:
    """Remove one fault."""
    lab.faults.clear(fault_id)
    return list_faults(lab, fields)


def read_journal(lab: Lab, fields: Fields) -> Json:
    """The requests that fit the query, oldest first."""
    after, last, equal = read_filters("service", "operation", "session", "group", "status", "fault")
    return {"requests": [vars(entry) for entry in lab.journal.find(after=after, last=last, **equal)]}


def clear_journal(lab: Lab, fields: Fields) -> Json:
    """Forget all requests."""
    lab.journal.clear()
    return {"requests": []}


def read_filters(*known: str) -> tuple[int, int | None, dict[str, str]]:
    """The query of a request for a list: `after`, `last`, and the fields that must equal what is given."""
    query = request.args.to_dict()
    numbers = Fields({name: _number(query.pop(name)) for name in ("after", "last") if name in query}, "the query")
    after, last = numbers.count_or_none("after", most=2**53) or 0, numbers.count_or_none("last")
    if unknown := set(query) - set(known):
        raise bad_input(f"there is no filter {', '.join(sorted(unknown))}")
    return after, last, query


def _number(text: str) -> Json:
    return int(text) if text.isascii() and text.isdigit() else text


ROUTES: list[Route] = [
    ("POST", "/reset", reset),
    ("GET", "/state", state),
    ("POST", "/faults", add_fault),
    ("GET", "/faults", list_faults),
    ("GET", "/faults/kinds", fault_catalogue),
    ("DELETE", "/faults", clear_faults),
    ("DELETE", "/faults/<int:fault_id>", clear_fault),
    ("GET", "/journal", read_journal),
    ("DELETE", "/journal", clear_journal),
]
