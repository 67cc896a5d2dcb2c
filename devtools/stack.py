"""All of Rollcall on one machine: the services, the sandbox of the outside world, web, live, worker and beat."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from devtools import environment, instances, interrupts, processes, programs, services
from devtools.environment import Ports
from devtools.instances import Instance
from devtools.problems import Problem
from devtools.programs import Program

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Context:
    """A running Rollcall. `env` is the operator's environment, with the owner of the database."""

    instance: Instance
    ports: Ports
    env: Mapping[str, str]
    logins: str

    @property
    def web(self) -> str:
        """The address of the API and the admin."""
        return environment.url(self.ports.web)

    @property
    def live(self) -> str:
        """The address of the live updates."""
        return environment.url(self.ports.live)

    @property
    def sandbox(self) -> str:
        """The address of the outside world."""
        return environment.url(self.ports.sandbox)

    def manage(self, *arguments: str) -> str:
        """
        Run `manage.py` with the arguments; return what it printed.

        :raises Problem: it failed
        """
        return manage(self.instance, self.env, *arguments)


@contextmanager
def running(instance: Instance, ports: Ports, *, say: Callable[[str], None]) -> Iterator[Context]:
    """
    Start everything, each part after those it needs; stop it at the end. `say` is told of progress.

    :raises Problem: a part does not start or does not answer; the end of its log is told
    """
    started: list[processes.Child] = []
    say("Starting PostgreSQL and Redis …")
    with services.running(instance, ports) as env:
        try:
            _check_ports(ports)
            say("Preparing the database …")
            _start(started, instance, env, [programs.sandbox(instance, ports)])
            logins = _prepare_database(instance, env)
            say("Starting web, live, worker and beat …")
            _start(started, instance, env, programs.product(instance, ports, env))
            yield Context(instance, ports, env, logins)
        finally:
            processes.stop(started)


def manage(instance: Instance, env: Mapping[str, str], command: str, *arguments: str) -> str:
    """
    Run a command of `manage.py` out of sight; return what it printed.

    :raises Problem: it failed
    """
    line = programs.python("manage.py", command, *arguments)
    return processes.run_step(f"manage.py {command}", line, env=env, log=instance.log(command))


def stay() -> None:
    """
    Wait for Ctrl-C.

    :raises Problem: a process has ended by itself meanwhile
    """
    while not interrupts.received():
        processes.check_all()
        interrupts.wait_until(lambda: bool(interrupts.received()), within=0.5, heed=False)


def _check_ports(ports: Ports) -> None:
    """Name a port that somebody else has, before a server's own words about it are buried in a log."""
    for name, port in vars(ports).items():
        if not instances.is_free(port):
            raise Problem(f"Port {port}, for {name}, is taken{_by_whom(port)}. Choose others: ./dev up --port 9000")


def _by_whom(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})" if connection.pid else ""
    except psutil.Error:
        pass
    return ""


def _prepare_database(instance: Instance, env: Mapping[str, str]) -> str:
    """Roles, tables and the demo's rows; returns the logins that came of it."""
    manage(instance, env, "setup_database")
    manage(instance, env, "migrate", "--no-input")
    return manage(instance, env, "seed_demo").strip()


def _start(started: list[processes.Child], instance: Instance, env: Mapping[str, str], wanted: list[Program]) -> None:
    """Start programs side by side and wait until all are ready."""
    serving = services.without_owner(env)
    children = []
    for program in wanted:
        log = instance.log(program.name)
        child = processes.start(
            program.name,
            program.command,
            env={**serving, **program.extra},
            log=log,
            stop_signal=program.stop_signal,
            death_signal=program.death_signal,
        )
        started.append(child)
        children.append(child)
    for program, child in zip(wanted, children, strict=True):
        _await(program, child)


def _await(program: Program, child: processes.Child) -> None:
    def is_ready() -> bool:
        processes.check_all()
        return program.ready()

    if not interrupts.wait_until(is_ready, within=READY_SECONDS, every=0.1):
        raise child.death_note()
