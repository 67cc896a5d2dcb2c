"""The identity provider's doors: its key set for everybody, its Backend API for who has the secret key."""

import hmac
from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, request

from sandbox import pipeline
from sandbox.clerk import operations
from sandbox.clerk.faults import error
from sandbox.clerk.world import ClerkWorld
from sandbox.faults import Fault
from sandbox.lab import Lab
from sandbox.stage import Answer, Call, json_answer

Operation = Callable[[ClerkWorld, Call, Fault | None], Answer]

ROUTES: list[tuple[str, str, Operation]] = [
    ("/organizations", "list_organizations", operations.list_organizations),
    ("/organizations/<group>", "organization", operations.organization),
    ("/organizations/<group>/memberships", "list_memberships", operations.list_memberships),
    ("/organization_memberships", "list_all_memberships", operations.list_all_memberships),
    ("/users", "list_users", operations.list_users),
    ("/users/count", "count_users", operations.count_users),
    ("/users/<session>", "user", operations.user),
    ("/<path:rest>", "unknown", operations.unknown),
]


def blueprint(lab: Lab) -> Blueprint:
    """All paths of the identity provider. In the journal a user stands as `session`, an organization as `group`."""
    doors = Blueprint("clerk", __name__, url_prefix="/clerk")
    doors.add_url_rule("/.well-known/jwks.json", "jwks", partial(_key_set, lab))
    for path, name, operation in ROUTES:
        doors.add_url_rule(f"/v1{path}", name, partial(_serve, lab, name, operation))
    return doors


def _key_set(lab: Lab) -> Response:
    """The public keys that tokens may be verified with."""
    call = pipeline.read_call("clerk", "jwks")
    return pipeline.play(lab, call, lambda call, fault: json_answer(lab.keys.key_set()))


def _serve(
    lab: Lab, name: str, operation: Operation, session: str | None = None, group: str | None = None, rest: str = ""
) -> Response:
    call = pipeline.read_call("clerk", name, session=session, group=group)
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(key.encode(), lab.settings.clerk_secret_key.encode()):
        return pipeline.refuse(lab, call, error(401, "authentication_invalid", "Unable to authenticate the request"))
    with lab.lock:
        seconds = lab.clerk.limits.wait()
    if seconds:
        too_many = error(
            429, "too_many_requests", "Too many requests. Please try again.", {"Retry-After": str(seconds)}
        )
        return pipeline.refuse(lab, call, too_many)
    return pipeline.play(lab, call, lambda call, fault: operation(lab.clerk, call, fault))
