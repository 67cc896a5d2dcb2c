"""`./dev demo`: the story of the product in a Rollcall made for it."""

import argparse

from devtools import demo, instances, stack
from devtools.commands import up
from devtools.environment import Ports


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--stay", action="store_true", help="leave it running afterwards, until Ctrl-C")


def run(arguments: argparse.Namespace) -> int:
    """Tell the story; return its exit code."""
    with (
        instances.locked("demo") as instance,
        stack.running(instance, Ports.of(instance), say=up.say) as context,
    ):
        exit_code = demo.run(context)
        if arguments.stay:
            up.announce(context)
            stack.stay()
            up.say("Stopping …")
    return exit_code
