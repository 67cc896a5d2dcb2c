"""The product's own processes, as they are deployed, on a database of the benchmarks' own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections

from bench import databases
from devtools import interrupts, processes, programs, services
from devtools.environment import Ports
from devtools.instances import Instance

DATABASE = f"rollcall_bench_inbox_{os.getpid()}"
_READY_SECONDS = 60.0


@contextmanager
def inbox() -> Iterator[None]:
    """An empty inbox, to which Django's connections go."""
    databases.create(DATABASE)
    try:
        with databases.selected(DATABASE):
            databases.migrate()
            # What measuring leaves behind is vacuumed between rounds, not by a process that wakes up in one of them.
            databases.run_as_owner("ALTER TABLE webhook_deliveries SET (autovacuum_enabled = off)")
            yield
    finally:
        connections.close_all()
        databases.drop(DATABASE)


@contextmanager
def running(name: str) -> Iterator[Ports]:
    """
    The `web` or the `worker` of `devtools.programs`, with the settings of `bench.inbox`.

    :raises Problem: it does not begin
    """
    instance = Instance(Path(os.environ[processes.MARKER]).name)
    ports = Ports.of(instance)
    env = {**services.without_owner(os.environ), **_environment()}
    program = next(program for program in programs.product(instance, ports, env) if program.name == name)
    log = instance.logs / f"bench-{name}.log"
    child = processes.start(name, program.command, env=env, log=log, stop_signal=program.stop_signal)
    try:
        if not interrupts.wait_until(program.ready, within=_READY_SECONDS):
            raise child.death_note()
        yield ports
    finally:
        processes.stop([child])


def _environment() -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "bench.inbox.settings",
        "DATABASE_URL": urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{DATABASE}").geturl(),
        "REDIS_URL": settings.REDIS_URL,
        "PROCESS_KIND": "web",
    }
