"""The command line of `./dev`."""

import argparse
import errno
import io
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devtools import interrupts, processes
from devtools.commands import bench, check, demo, manage, test, up
from devtools.problems import FAILED, WRONG_PREREQUISITE, Problem

Arguments = argparse.Namespace

EPILOG = """\
Python 3.11 or 3.12 is all that is needed: PostgreSQL and Redis come along, and live under .data/.
To use your own, set DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL in the environment or in .env; `up` and `manage`
follow them, `demo`, `test` and `bench` always make their own.

Exit codes: 0 done, 1 something failed, 2 a prerequisite is missing or wrong."""


@dataclass(frozen=True)
class Command:
    """One word after `./dev`. `passes_on` means that every further argument is somebody else's."""

    summary: str
    run: Callable[[Arguments], int]
    configure: Callable[[argparse.ArgumentParser], None] | None = None
    passes_on: str = ""


COMMANDS = {
    "up": Command("Start all of Rollcall and stay until Ctrl-C.", up.run, up.configure),
    "demo": Command("Tell the product's story, checked at every line, in a fresh Rollcall.", demo.run, demo.configure),
    "test": Command(
        "Run the tests; further arguments go to pytest.", test.run, passes_on="[--full] [pytest argument …]"
    ),
    "bench": Command("Run the benchmarks, all or those named.", bench.run, passes_on="[name …]"),
    "manage": Command("Run manage.py in the environment of `up`.", manage.run, passes_on="command [argument …]"),
    "check": Command("Run every check of the code and of the deployment settings.", check.run),
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    wanted = _parse(arguments)
    interrupts.watch(at_the_second=processes.kill_all)
    try:
        return COMMANDS[wanted.command].run(wanted)
    except Problem as problem:
        return _tell(str(problem), problem.exit_code)
    except interrupts.Interrupted as interrupted:
        return _tell("Interrupted.", interrupted.exit_code)
    except BrokenPipeError:
        # Whoever read our words has left; nor can Python say its own at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        return _tell(f"Cannot write {error.filename or 'a file'}: {error.strerror}.", WRONG_PREREQUISITE)


def _parse(arguments: Sequence[str]) -> Arguments:
    """Read the arguments. Those that are passed on are not looked at: argparse would claim some of them."""
    parser = _parser()
    name, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if name not in COMMANDS or not COMMANDS[name].passes_on or (name != "manage" and rest in (["-h"], ["--help"])):
        return parser.parse_args(arguments)
    return Arguments(command=name, rest=rest)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./dev",
        description="The one door of Rollcall.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, command in COMMANDS.items():
        usage = f"./dev {name} {command.passes_on}" if command.passes_on else None
        subparser = subparsers.add_parser(name, help=command.summary, description=command.summary, usage=usage)
        if command.configure:
            command.configure(subparser)
    return parser


def _tell(message: str, exit_code: int) -> int:
    print(message, file=sys.stderr)
    return exit_code
