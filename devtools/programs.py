"""The processes of Rollcall: the command of each, and how to know that it is ready."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from devtools import environment, probes
from devtools.environment import STREAM_KEY, Ports
from devtools.instances import Instance

QUEUES = "webhooks,sync,outbound,celery"
#: There is no other worker to ask for news, which would take a second.
ALONE = "--without-mingle --without-gossip"

#: Celery's orderly end would wait for a broker that is ending too.
AT_ONCE = signal.SIGKILL


@dataclass(frozen=True)
class Program:
    """
    One process to start; `extra` is what it is told besides the common environment.

    `death_signal`, where it differs from `stop_signal`, is what it gets when `./dev` itself is killed.
    """

    name: str
    command: list[str]
    ready: probes.Probe
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


def python(words: str, *more: str) -> list[str]:
    """A command of this Python: `words` as one types them, `more` for what may hold spaces."""
    return [sys.executable, *words.split(), *more]


def sandbox(instance: Instance, ports: Ports) -> Program:
    """The stand-in for the outside services."""
    state = instance.folder / "sandbox.json"
    return Program(
        name="sandbox",
        command=python(f"-m sandbox --host 127.0.0.1 --port {ports.sandbox} --state", str(state)),
        ready=probes.health(ports.sandbox),
        extra={
            "SANDBOX_GATEWAY_API_KEY": instance.secrets["gateway_api_key"],
            "SANDBOX_WEBHOOK_SECRET": instance.secrets["gateway_webhook_secret"],
            "SANDBOX_STREAM_API_KEY": STREAM_KEY,
            "SANDBOX_STREAM_API_SECRET": instance.secrets["stream_api_secret"],
            "SANDBOX_CLERK_SECRET_KEY": instance.secrets["clerk_secret_key"],
            "SANDBOX_CLERK_WEBHOOK_SECRET": environment.svix_secret(instance),
        },
    )


def product(instance: Instance, ports: Ports, env: Mapping[str, str]) -> list[Program]:
    """What runs in production too. Web and worker end at the signal that does not wait for work under way."""
    return [_web(ports), _live(ports), _worker(instance, env["REDIS_URL"]), _beat(instance)]


def _web(ports: Ports) -> Program:
    threads = "--worker-class gthread --workers 2 --threads 8"
    return Program(
        name="web",
        command=python(f"-m gunicorn config.wsgi:application {threads} --bind 127.0.0.1:{ports.web}"),
        ready=probes.health(ports.web),
        stop_signal=signal.SIGINT,
    )


def _live(ports: Ports) -> Program:
    grace = "--timeout-graceful-shutdown 2"
    return Program(
        name="live",
        command=python(f"-m uvicorn config.asgi:application --host 127.0.0.1 --port {ports.live} {grace}"),
        ready=probes.health(ports.live),
        extra={"PROCESS_KIND": "live"},
    )


def _worker(instance: Instance, broker: str) -> Program:
    name = f"{instance.name}@rollcall"
    return Program(
        name="worker",
        command=python(f"-m celery -A config worker -n {name} -Q {QUEUES} -c 2 -l info {ALONE}"),
        ready=probes.worker(broker, name),
        stop_signal=signal.SIGQUIT,
        death_signal=AT_ONCE,
    )


def _beat(instance: Instance) -> Program:
    schedule = instance.folder / "beat-schedule"
    return Program(
        name="beat",
        command=python("-m celery -A config beat -l info -s", str(schedule)),
        ready=probes.said(instance.log("beat"), "beat: Starting"),
        death_signal=AT_ONCE,
    )
