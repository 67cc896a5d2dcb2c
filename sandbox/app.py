"""The application: all doors together."""

from pathlib import Path

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

import sandbox.clerk.control
import sandbox.clerk.routes
import sandbox.gateway.control
import sandbox.gateway.routes
import sandbox.orders.control
import sandbox.stream.control
import sandbox.stream.routes
import sandbox.webhooks.control
from sandbox import control
from sandbox.lab import Lab
from sandbox.problems import Problem

_PAGE = Path(__file__).with_name("page.html")
_PAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_CONTROL = [
    *sandbox.gateway.control.ROUTES,
    *sandbox.clerk.control.ROUTES,
    *sandbox.webhooks.control.ROUTES,
    *sandbox.stream.control.ROUTES,
    *sandbox.orders.control.ROUTES,
]


def create_app(lab: Lab) -> Flask:
    """Everything that the sandbox serves."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.register_blueprint(sandbox.gateway.routes.blueprint(lab))
    app.register_blueprint(sandbox.clerk.routes.blueprint(lab))
    for doors in sandbox.stream.routes.blueprints(lab):
        app.register_blueprint(doors)
    app.register_blueprint(control.blueprint(lab, _CONTROL))
    app.add_url_rule("/", "page", _page)
    app.add_url_rule("/health", "health", _health)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _page() -> Response:
    """The control page."""
    headers = {"Content-Security-Policy": _PAGE_POLICY, "Cache-Control": "no-store"}
    return Response(_PAGE.read_bytes(), headers=headers, content_type="text/html; charset=utf-8")


def _health() -> Response:
    """That the sandbox is there."""
    return jsonify({"status": "ok"})


def _problem(problem: Problem) -> tuple[Response, int]:
    return jsonify({"code": problem.code, "detail": problem.detail}), problem.status


def _http_error(error: HTTPException) -> tuple[Response, int]:
    code = error.name.lower().replace(" ", "_")
    return jsonify({"code": code, "detail": error.description}), error.code or 500
