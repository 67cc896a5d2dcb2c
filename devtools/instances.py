"""
Instances: independent Rollcalls side by side under `.data/`, each with its own services, secrets, ports and logs.

`up` is the one people work with, `demo` is made anew at each run, `test` and `bench` serve those commands. A lock that
the system releases by itself, not a pid file, says that an instance is in use.
"""

import errno
import fcntl
import json
import os
import random
import secrets
import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, cast

from devtools.bootstrap import ROOT
from devtools.problems import Problem

DATA = ROOT / ".data"
SECRET_NAMES = (
    "postgres_superuser",
    "postgres_owner",
    "postgres_app",
    "redis",
    "secret_key",
    "gateway_api_key",
    "gateway_webhook_secret",
    "stream_api_secret",
    "clerk_secret_key",
    "clerk_webhook_secret",
)
#: Below the range from which systems take the ports of outgoing connections.
OWN_PORTS = range(20_000, 30_000)


@dataclass(frozen=True)
class Instance:
    """One folder under `.data/`. Use `locked` to get one to work with."""

    name: str
    data: Path = DATA

    @property
    def kind(self) -> str:
        """`test` for `test-2`: what the instance is for."""
        return self.name.partition("-")[0]

    @property
    def folder(self) -> Path:
        """Where everything of it lies."""
        return self.data / self.name

    @property
    def logs(self) -> Path:
        """The folder of all logs."""
        return self.folder / "logs"

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.logs / f"{name}.log"

    @property
    def lock(self) -> Path:
        """Beside the folder, which may be wiped."""
        return self.data / f"{self.name}.lock"

    @property
    def holder(self) -> str:
        """Who took the lock last."""
        return self.lock.read_text() or "Another ./dev"

    @property
    def _ports(self) -> Path:
        return self.folder / "ports.json"

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Passwords and keys, made once."""
        path = self.folder / "secrets.json"
        known = read_json(path)
        if set(SECRET_NAMES) - set(known):
            known |= {name: secrets.token_urlsafe(48) for name in SECRET_NAMES if name not in known}
            write_private(path, json.dumps(known, indent=1))
        return known

    def port(self, name: str) -> int:
        """The port remembered under `name`, or another free one, remembered from now on, when that is taken."""
        ports = read_json(self._ports)
        if name not in ports or not is_free(int(ports[name])):
            ports[name] = str(_free_port(excluded=ports.values()))
            write_private(self._ports, json.dumps(ports, indent=1))
        return int(ports[name])

    def wipe(self) -> None:
        """Forget all of it but the ports."""
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path != self._ports:
                path.unlink()
        self.prepare()

    def prepare(self) -> None:
        """Make the folder; root's can be entered by the user that PostgreSQL then runs as, but not listed."""
        for folder in (self.data, self.folder):
            folder.mkdir(exist_ok=True)
            if os.getuid() == 0 == folder.stat().st_uid:
                folder.chmod(0o711)
        self.logs.mkdir(exist_ok=True, mode=0o700)


class InUse(Problem):
    """Every instance that would do is held by another process."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(f"{instance.holder} is already running here.")
        self.instance = instance


@contextmanager
def locked(*names: str, holder: str = "") -> Iterator[Instance]:
    """
    The first of the named instances that is not in use, ours until the end; `holder` is what others are told we are.

    :raises InUse: there is none
    """
    for instance in map(Instance, names):
        instance.prepare()
        with instance.lock.open("a+") as lock:
            if _take(lock, f"{holder or './dev ' + instance.kind} (pid {os.getpid()})"):
                yield instance
                return
    raise InUse(instance)


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
        return True


def read_json(path: Path) -> dict[str, str]:
    """A flat JSON object; empty when the file is absent or was cut short."""
    try:
        return cast(dict[str, str], json.loads(path.read_text()))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def write_private(path: Path, text: str) -> None:
    """Write a file, whole or not at all, that only its owner reads."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def _take(lock: IO[str], holder: str) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    lock.truncate(0)
    lock.write(holder)
    lock.flush()
    return True


def _free_port(*, excluded: Iterable[str]) -> int:
    taken = set(map(int, excluded))
    for port in random.sample(OWN_PORTS, k=200):
        if port not in taken and is_free(port):
            return port
    raise Problem("No free port between 20000 and 30000 on 127.0.0.1.")
