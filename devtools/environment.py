"""
The environment of Django's processes.

`up` and `manage` take what `.env` and the shell say before what is made here. `demo`, `test` and `bench` take nothing
from there: they must neither depend on a person's settings nor touch a person's database, broker or gateway.
"""

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import environ

from devtools.bootstrap import ROOT
from devtools.instances import Instance, read_json, write_private
from devtools.problems import Problem
from devtools.processes import MARKER

EXAMPLE = ROOT / ".env.example"
GATEWAY = "main"
STREAM_KEY = "rollcall"
#: What .env says is in the environment already, or left out on purpose: nobody reads it a second time.
READ_NO_FILE = {"ENV_FILE": os.devnull}
_NAME = re.compile(r"^#?\s*([A-Z][A-Z0-9_]*)=", re.MULTILINE)


@dataclass(frozen=True)
class Ports:
    """Where an instance's own processes listen on 127.0.0.1."""

    web: int
    live: int
    sandbox: int

    @classmethod
    def from_base(cls, base: int) -> "Ports":
        """The layout that people remember: 8000, 8001 and 8100."""
        return cls(web=base, live=base + 1, sandbox=base + 100)

    @classmethod
    def of(cls, instance: Instance) -> "Ports":
        """Free ports, remembered by the instance."""
        return cls(web=instance.port("web"), live=instance.port("live"), sandbox=instance.port("sandbox"))


def url(port: int) -> str:
    """The address of one of our processes."""
    return f"http://127.0.0.1:{port}"


class _DotEnv(environ.Env):
    """Reads `.env` as the settings do, but into a dictionary of its own."""

    ENVIRON: dict[str, str] = {}


def chosen(shell: Mapping[str, str]) -> dict[str, str]:
    """What the person has set: in the shell, or else in `.env`. Empty values count as not set."""
    _DotEnv.ENVIRON.clear()
    if (ROOT / ".env").exists():
        _DotEnv.read_env(ROOT / ".env")
    return {name: value for name, value in {**_DotEnv.ENVIRON, **shell}.items() if value}


def complete(instance: Instance, ports: Ports, addresses: Mapping[str, str]) -> dict[str, str]:
    """
    Everything a process of the instance gets to know; `addresses` are those of PostgreSQL and Redis.

    What was made here is left in the instance's folder for `of_running`, until `forget`.
    """
    made = {**_made(instance, ports), **addresses}
    write_private(_remembered(instance), json.dumps(made, indent=1))
    shell = _without_libpq(os.environ) if "DATABASE_URL" in addresses else os.environ
    told = {**made, **chosen(shell)} if instance.kind == "up" else {**_without_settings(shell), **made}
    return {**told, **READ_NO_FILE, MARKER: str(instance.folder)}


def of_running(instance: Instance) -> dict[str, str]:
    """
    The environment to join an instance that another process keeps running.

    :raises Problem: it is not that far yet
    """
    made = read_json(_remembered(instance))
    if not made:
        raise Problem(f"{instance.holder} is still starting: try again in a moment.")
    return {**made, **chosen(os.environ), **READ_NO_FILE}


def forget(instance: Instance) -> None:
    """The instance stops: nobody can join it any more."""
    _remembered(instance).unlink(missing_ok=True)


def _remembered(instance: Instance) -> Path:
    return instance.folder / "environment.json"


def _made(instance: Instance, ports: Ports) -> dict[str, str]:
    gateway = {
        "url": f"{url(ports.sandbox)}/gateway",
        "api_key": instance.secrets["gateway_api_key"],
        "webhook_secrets": [instance.secrets["gateway_webhook_secret"]],
    }
    issuer = f"{url(ports.sandbox)}/clerk"
    return {
        "SECRET_KEY": instance.secrets["secret_key"],
        "LOCAL": "1",
        "DEBUG": "0",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "CORS_ALLOWED_ORIGINS": "",
        "SWEEP_SECONDS": "1",
        "WHATSAPP_CREATE_SPACING_SECONDS": "0",
        "WHATSAPP_GATEWAYS": json.dumps({GATEWAY: gateway}),
        "TOKEN_ISSUERS": json.dumps({issuer: {"jwks_url": f"{issuer}/.well-known/jwks.json"}}),
        "STREAM_API_KEY": STREAM_KEY,
        "STREAM_API_SECRET": instance.secrets["stream_api_secret"],
        "STREAM_BASE_URL": f"{url(ports.sandbox)}/stream",
        "SANDBOX_URL": url(ports.sandbox),
        "LIVE_URL": url(ports.live),
        "ROLLCALL_WEBHOOK_URL": f"{url(ports.web)}/webhooks/whatsapp/{GATEWAY}",
        "ROLLCALL_STREAM_WEBHOOK_URL": f"{url(ports.web)}/webhooks/stream",
        "CLERK_API_URL": f"{issuer}/v1",
        "CLERK_SECRET_KEY": instance.secrets["clerk_secret_key"],
        "CLERK_WEBHOOK_SECRETS": svix_secret(instance),
        "ROLLCALL_CLERK_WEBHOOK_URL": f"{url(ports.web)}/webhooks/clerk",
    }


def svix_secret(instance: Instance) -> str:
    """What Clerk's webhooks are signed with, as Svix writes its secrets: base64 behind a prefix."""
    return f"whsec_{base64.b64encode(instance.secrets['clerk_webhook_secret'].encode()).decode()}"


def _without_settings(shell: Mapping[str, str]) -> dict[str, str]:
    settings = {"DJANGO_SETTINGS_MODULE", "PROCESS_KIND"}
    if EXAMPLE.exists():
        settings |= set(_NAME.findall(EXAMPLE.read_text()))
    return {name: value for name, value in shell.items() if name not in settings}


def _without_libpq(shell: Mapping[str, str]) -> dict[str, str]:
    """Without PGSSLMODE and its like, which are meant for another server than ours."""
    return {name: value for name, value in shell.items() if not name.startswith("PG")}
