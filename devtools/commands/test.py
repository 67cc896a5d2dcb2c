"""`./dev test`: pytest, with PostgreSQL and Redis of its own."""

import argparse

from devtools import instances, javascript, parallel, processes, programs, services

FULL = "--full"
#: So that a second run beside the first one, of another terminal, has its own.
INSTANCES = ("test", "test-2", "test-3", "test-4")


def run(arguments: argparse.Namespace) -> int:
    """
    Run pytest; `--full` asks for the sizes that the measurements are stated for.

    The whole suite runs on all cores. A choice from it runs as one process, which is what one wants to look at.
    """
    if problem := javascript.prepare():
        print(
            f"The JavaScript SDK could not be installed; the tests that need it are skipped.\n  {problem}", flush=True
        )
    rest = [argument for argument in arguments.rest if argument != FULL]
    with instances.locked(*INSTANCES) as instance, services.running(instance) as env:
        if not rest:
            env, rest = parallel.shared_out(env, instance), parallel.arguments()
        if FULL in arguments.rest:
            env["ROLLCALL_TEST_FULL"] = "1"
        return processes.run_in_foreground(programs.python("-m pytest", *rest), env=env)
