"""The command line: `python -m sandbox --host 127.0.0.1 --port 8100 [--state FILE]`."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from werkzeug.serving import BaseWSGIServer

from sandbox import server
from sandbox.app import create_app
from sandbox.lab import Lab, Settings
from sandbox.problems import Problem
from sandbox.store import Unreadable
from sandbox.webhooks import sender
from sandbox.webhooks.switches import check_url


class Stopped(BaseException):
    """SIGTERM or SIGINT came, or the leash was let go."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped; the state is saved at the end."""
    options = _parser().parse_args(arguments)
    lab = Lab(_settings(options))
    if options.state:
        _keep(lab, options.state)
    listening = _listen(lab, options.host, options.port)
    try:
        _obey_signals(_stop)
        if options.leashed:
            threading.Thread(target=_wait_for_end_of_input, daemon=True).start()
        for outbox in (lab.outbox, lab.stream_post.outbox, lab.clerk_post.outbox, lab.orders_post.outbox):
            sender.start(outbox)
        sys.stdout.write(f"Sandbox on http://{options.host}:{listening.port}\n")
        sys.stdout.flush()
        listening.serve_forever()
    except Stopped:
        lab.save()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Stand-ins for the outside services.")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8100, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the worlds in FILE, and go on from it")
    parser.add_argument("--base-url", default="", help="the address that tokens name as their issuer's")
    parser.add_argument("--webhook-url", default="", help="where webhooks go (default: ROLLCALL_WEBHOOK_URL, if set)")
    parser.add_argument("--leashed", action="store_true", help="stop when standard input closes")
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    usual = Settings()
    return Settings(
        gateway_api_key=os.environ.get("SANDBOX_GATEWAY_API_KEY") or usual.gateway_api_key,
        webhook_secret=os.environ.get("SANDBOX_WEBHOOK_SECRET") or usual.webhook_secret,
        base_url=options.base_url.rstrip("/"),
        webhook_url=_webhook_url(options.webhook_url or os.environ.get("ROLLCALL_WEBHOOK_URL", "")),
        stream_api_key=os.environ.get("SANDBOX_STREAM_API_KEY") or usual.stream_api_key,
        stream_api_secret=os.environ.get("SANDBOX_STREAM_API_SECRET") or usual.stream_api_secret,
        clerk_secret_key=os.environ.get("SANDBOX_CLERK_SECRET_KEY") or usual.clerk_secret_key,
        clerk_webhook_secret=os.environ.get("SANDBOX_CLERK_WEBHOOK_SECRET") or usual.clerk_webhook_secret,
        clerk_webhook_url=_webhook_url(os.environ.get("ROLLCALL_CLERK_WEBHOOK_URL", "")),
        stream_webhook_url=_webhook_url(os.environ.get("ROLLCALL_STREAM_WEBHOOK_URL", "")),
    )


def _webhook_url(url: str) -> str:
    try:
        return check_url(url) if url else ""
    except Problem as problem:
        sys.exit(f"sandbox: {problem.detail}")


def _keep(lab: Lab, path: Path) -> None:
    try:
        lab.keep_in(path)
    except (Unreadable, OSError) as error:
        sys.exit(f"sandbox: {error}")


def _listen(lab: Lab, host: str, port: int) -> BaseWSGIServer:
    try:
        return server.make(host, port, create_app(lab))
    except OSError as error:
        sys.exit(f"sandbox: {host}:{port}: {os.strerror(error.errno) if error.errno else error}")


def _obey_signals(handler: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """The first signal ends the program; those after it do not disturb the saving."""
    _obey_signals(signal.SIG_IGN)
    raise Stopped


def _wait_for_end_of_input() -> None:
    """Whoever started us holds the other end of a pipe: it closes when they die, however they die."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
