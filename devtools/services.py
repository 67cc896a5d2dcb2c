"""PostgreSQL and Redis for an instance: its own embedded ones, or for `up` those that the person names."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
import redis

from devtools import environment, processes, service_home
from devtools.environment import Ports
from devtools.instances import Instance
from devtools.postgres import Postgres
from devtools.problems import Problem
from devtools.redis_server import RedisServer
from devtools.servers import Server

#: Instances without anything worth keeping, which may begin anew when their data does not start.
DISPOSABLE = ("test",)
DATABASE_NAMES = ("DATABASE_URL", "DATABASE_OWNER_URL")


@contextmanager
def running(instance: Instance, ports: Ports | None = None) -> Iterator[dict[str, str]]:
    """
    Keep the services of a locked instance running; yield the environment for its processes.

    The environment holds DATABASE_OWNER_URL: `without_owner` is for processes that must not have it.

    :raises Problem: a service does not start, or one that the person named cannot be reached
    """
    named = environment.chosen(os.environ) if instance.kind == "up" else {}
    servers = _embedded(instance, named)
    _clear_away(instance, servers)
    try:
        for server in servers:
            _start(server)
        addresses = {name: address for server in servers for name, address in server.addresses().items()}
        yield environment.complete(instance, ports or Ports.of(instance), addresses)
    finally:
        environment.forget(instance)
        for server in reversed(servers):
            server.stop()


def without_owner(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that serves: it may not change tables."""
    return {**env, "DATABASE_OWNER_URL": ""}


def _embedded(instance: Instance, named: Mapping[str, str]) -> list[Server]:
    """The servers to start: those that have no address yet."""
    servers: list[Server] = []
    if any(name in named for name in DATABASE_NAMES):
        _check_database(named)
    else:
        servers.append(Postgres(instance, home=service_home.find(instance.data)))
    if "REDIS_URL" in named:
        _check_redis(named["REDIS_URL"])
    else:
        servers.append(RedisServer(instance))
    return servers


def _clear_away(instance: Instance, servers: list[Server]) -> None:
    environment.forget(instance)
    processes.sweep(instance.folder)
    for server in servers:
        server.end_leftover()
    if instance.kind == "demo":
        for server in servers:
            server.wipe()
        instance.wipe()


def _start(server: Server) -> None:
    try:
        server.start()
    except Problem:
        if server.instance.kind not in DISPOSABLE:
            raise
        server.stop()
        server.wipe()
        server.start()


def _check_database(named: Mapping[str, str]) -> None:
    for name in DATABASE_NAMES:
        if name not in named:
            other = next(other for other in DATABASE_NAMES if other != name)
            raise Problem(f"{other} is set, {name} is not: set both, or neither for the embedded PostgreSQL.")
    try:
        psycopg.connect(named["DATABASE_OWNER_URL"], connect_timeout=5).close()
    except psycopg.Error as error:
        raise Problem(f"Cannot reach the database of DATABASE_OWNER_URL: {_first_line(error)}") from None


def _check_redis(address: str) -> None:
    try:
        with redis.Redis.from_url(address, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise Problem(f"Cannot reach the Redis of REDIS_URL: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
