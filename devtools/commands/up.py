"""`./dev up`: all of Rollcall, until Ctrl-C."""

import argparse

from devtools import instances, stack
from devtools.environment import Ports

DEFAULT_PORT = 8000
HIGHEST_PORT = 65_435


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        metavar="N",
        help="where web listens (8000); live takes the next port, the sandbox the one 100 higher",
    )


def run(arguments: argparse.Namespace) -> int:
    """Stay until Ctrl-C, which is the ordinary end."""
    with (
        instances.locked("up") as instance,
        stack.running(instance, Ports.from_base(arguments.port), say=say) as context,
    ):
        announce(context)
        stack.stay()
        say("Stopping …")
    return 0


def say(line: str) -> None:
    """Tell of progress, at once."""
    print(line, flush=True)


def announce(context: stack.Context) -> None:
    """Print the addresses and the logins."""
    lines = [
        "",
        "Rollcall is up.",
        f"  API docs   {context.web}/api/docs",
        f"  Admin      {context.web}/admin/",
        f"  Sandbox    {context.sandbox}/",
        f"  Logs       {context.instance.logs}",
        *(f"  {line}" for line in context.logins.splitlines()),
        "Ctrl-C ends all of it.",
    ]
    say("\n".join(lines))


def _port(text: str) -> int:
    if not text.isdigit() or not 1024 <= int(text) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is no port between 1024 and {HIGHEST_PORT}")
    return int(text)
