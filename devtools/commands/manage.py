"""`./dev manage`: manage.py beside a running `up`, or with its services started for the purpose."""

import argparse

from devtools import environment, instances, processes, programs, services
from devtools.commands.up import DEFAULT_PORT
from devtools.environment import Ports


def run(arguments: argparse.Namespace) -> int:
    """Run manage.py in the foreground; return its exit code."""
    command = programs.python("manage.py", *arguments.rest)
    try:
        with (
            instances.locked("up", holder="./dev manage") as instance,
            services.running(instance, Ports.from_base(DEFAULT_PORT)) as env,
        ):
            return processes.run_in_foreground(command, env=env)
    except instances.InUse as in_use:
        env = environment.of_running(in_use.instance)
    return processes.run_in_foreground(command, env=env)
