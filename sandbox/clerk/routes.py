"""The identity provider's doors."""

from functools import partial

from flask import Blueprint, Response

from sandbox import pipeline
from sandbox.lab import Lab
from sandbox.stage import json_answer


def blueprint(lab: Lab) -> Blueprint:
    """All paths of the identity provider."""
    doors = Blueprint("clerk", __name__, url_prefix="/clerk")
    doors.add_url_rule("/.well-known/jwks.json", "jwks", partial(_key_set, lab))
    return doors


def _key_set(lab: Lab) -> Response:
    """The public keys that tokens may be verified with."""
    call = pipeline.read_call("clerk", "jwks")
    return pipeline.play(lab, call, lambda call, fault: json_answer(lab.keys.key_set()))
