"""`./dev bench`: the benchmarks, with PostgreSQL and Redis of their own."""

import argparse

from devtools import instances, processes, programs, services


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmarks named, or all."""
    with instances.locked("bench") as instance, services.running(instance) as env:
        return processes.run_in_foreground(programs.python("-m bench", *arguments.rest), env=env)
