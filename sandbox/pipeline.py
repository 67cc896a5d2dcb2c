"""The way of every request to a played service: noted, met by a fault or not, worked on, noted again, answered."""

import time
from collections.abc import Callable

from flask import Response, request

from sandbox.faults import Fault
from sandbox.journal import Entry
from sandbox.lab import Lab
from sandbox.server import CUT_KEY
from sandbox.stage import CUT, RESET, Answer, Call, Refused

Work = Callable[[Call, Fault | None], Answer]


def read_call(service: str, operation: str, *, session: str | None = None, group: str | None = None) -> Call:
    """The current request. Session and group come from its path, the session also from its body."""
    body = request.get_json(force=True, silent=True)
    if session is None and isinstance(body, dict) and isinstance(body.get("sessionId"), str):
        session = body["sessionId"]
    return Call(
        service=service,
        operation=operation,
        method=request.method,
        path=request.environ.get("RAW_URI", request.full_path),
        session=session,
        group=group,
        query=request.args.to_dict(),
        body=body,
        idempotency_key=request.headers.get("Idempotency-Key"),
    )


def play(lab: Lab, call: Call, work: Work) -> Response:
    """Answer a request. `work` runs with the lock held; waiting is done without it."""
    with lab.lock:
        lab.settle()
        fault = lab.faults.take(call)
        entry = lab.journal.open(call, fault.kind if fault else None, lab.clock.now())
    return _respond(lab, entry, _answer(lab, call, fault, work))


def refuse(lab: Lab, call: Call, answer: Answer) -> Response:
    """Answer a request that may not come in: it meets no fault and does no work."""
    with lab.lock:
        entry = lab.journal.open(call, None, lab.clock.now())
    return _respond(lab, entry, answer)


def _answer(lab: Lab, call: Call, fault: Fault | None, work: Work) -> Answer:
    if fault is None:
        return _work(lab, call, None, work)
    if fault.kind == "reset":
        return RESET
    replaces = lab.faults.kind(fault).replaces
    if replaces and not fault.params["after_commit"]:
        return replaces(fault.params)
    if fault.kind == "delay":
        time.sleep(fault.params["seconds"])
    answer = _work(lab, call, fault, work)
    if fault.kind == "timeout_after_commit":
        time.sleep(fault.params["seconds"])
    if fault.kind == "drop_after_commit":
        return CUT
    return replaces(fault.params) if replaces else answer


def _work(lab: Lab, call: Call, fault: Fault | None, work: Work) -> Answer:
    with lab.lock:
        try:
            return work(call, fault)
        except Refused as refused:
            return refused.answer
        finally:
            lab.changed()


def _respond(lab: Lab, entry: Entry, answer: Answer) -> Response:
    with lab.lock:
        lab.journal.close(entry, answer, lab.clock.now())
    if answer.cut:
        request.environ[CUT_KEY] = answer.cut
    headers = dict(answer.headers)
    return Response(answer.body, answer.status or 200, headers, content_type=answer.content_type)
