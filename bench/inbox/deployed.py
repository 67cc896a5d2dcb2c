"""The product's own processes, as they are deployed, on a database of the benchmarks' own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections

from bench import databases
from devtools import interrupts, processes, programs, services
from devtools.environment import Ports
from devtools.instances import Instance

_PREFIX = "rollcall_bench_inbox_"
DATABASE = f"{_PREFIX}{os.getpid()}"
_READY_SECONDS = 60.0


@contextmanager
def inbox() -> Iterator[None]:
    """An empty inbox, to which Django's connections go."""
    databases.drop_orphans(_PREFIX)
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


@dataclass(frozen=True)
class Deployment:
    """The programs of `devtools.programs`, with an environment in which they work on the inbox's database."""

    instance: Instance
    ports: Ports
    env: dict[str, str]

    @classmethod
    def of(cls, **more: str) -> "Deployment":
        """With `more` in the environment."""
        instance = Instance(Path(os.environ[processes.MARKER]).name)
        database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{DATABASE}").geturl()
        ours = {"DATABASE_URL": database, "REDIS_URL": settings.REDIS_URL, "PROCESS_KIND": "web", **more}
        return cls(instance, Ports.of(instance), {**services.without_owner(os.environ), **ours})

    def start(self, name: str) -> processes.Child:
        """
        Start a program and wait until it is ready.

        :raises Problem: it does not begin
        """
        child = self.launch(name)
        if not interrupts.wait_until(self._program(name).ready, within=_READY_SECONDS):
            raise child.death_note()
        return child

    def launch(self, name: str) -> processes.Child:
        """Start a program."""
        program, log = self._program(name), self.instance.log(name)
        return processes.start(name, program.command, env=self.env, log=log, stop_signal=program.stop_signal)

    def _program(self, name: str) -> programs.Program:
        return next(one for one in programs.product(self.instance, self.ports, self.env) if one.name == name)


@contextmanager
def running(name: str) -> Iterator[Ports]:
    """
    The `web` or the `worker`, with the settings of `bench.inbox`.

    :raises Problem: it does not begin
    """
    deployment = Deployment.of(DJANGO_SETTINGS_MODULE="bench.inbox.settings")
    child = deployment.start(name)
    try:
        yield deployment.ports
    finally:
        processes.stop([child])
