"""The embedded PostgreSQL and Redis: closed to others, and unmoved by what a killed run leaves behind."""

import os
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from devtools import processes, service_home, services
from devtools.instances import Instance
from devtools.postgres import Postgres
from devtools.redis_server import RedisServer
from devtools.servers import Server


def _postgres(instance: Instance) -> Postgres:
    return Postgres(instance, home=service_home.find(instance.data))


@contextmanager
def _started(server: Server) -> Iterator[psutil.Process]:
    server.start()
    try:
        assert server.child is not None
        yield psutil.Process(server.child.process.pid)
    finally:
        server.stop()


def test_the_owner_may_make_databases_and_roles_and_nothing_else(instance: Instance) -> None:
    with services.running(instance) as env, psycopg.connect(env["DATABASE_OWNER_URL"]) as connection:
        question = """
            SELECT rolcreatedb, rolcreaterole, rolsuper, rolbypassrls, rolreplication,
                   pg_catalog.pg_get_userbyid(datdba) = rolname, datlocprovider, datlocale
            FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()
        """
        row = connection.execute(question).fetchone()
        assert row == (True, True, False, False, False, True, "b", "C.UTF-8")


def test_nobody_gets_in_without_a_password_or_from_outside(instance: Instance) -> None:
    server = _postgres(instance)
    with _started(server) as process:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host="127.0.0.1", port=server.port, user="postgres", dbname="postgres", password="")
        listening = {tuple(c.laddr) for c in process.net_connections() if c.status == psutil.CONN_LISTEN}
        assert listening == {("127.0.0.1", server.port)}
    with (
        _started(broker := RedisServer(instance)),
        redis.Redis(port=broker.port) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_passwords_are_for_the_owner_of_the_folder_only(instance: Instance) -> None:
    with services.running(instance):
        for name in ("secrets.json", "redis.conf", "environment.json"):
            assert stat.S_IMODE((instance.folder / name).stat().st_mode) == 0o600
    assert not (instance.folder / "environment.json").exists()


def test_root_lends_postgresql_to_somebody_else(instance: Instance) -> None:
    with _started(_postgres(instance)) as process:
        assert process.uids().real != 0


def test_a_stale_pid_file_with_the_pid_of_a_stranger_does_not_stop_it(instance: Instance) -> None:
    server = _postgres(instance)
    with _started(server):
        text = (server.workplace / "postmaster.pid").read_text()
    # Of PostgreSQL's own user: only such a process makes it believe a stale pid file.
    leashed = processes.leashed(["sleep", "60"], death_signal=signal.SIGKILL, user=server.home.user)
    stranger = subprocess.Popen(leashed)
    try:
        stale = text.replace(text.partition("\n")[0], str(stranger.pid), 1)
        (server.workplace / "postmaster.pid").write_text(stale)
        again = _postgres(instance)
        again.end_leftover()
        with _started(again):
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("make", [_postgres, RedisServer])
def test_a_server_that_a_killed_run_left_behind_is_ended(make: type[Server], instance: Instance) -> None:
    former = make(instance)
    former.start()
    assert former.child is not None
    make(instance).end_leftover()
    assert not former.child.is_alive
    former.stop()
    with _started(make(instance)):
        pass


def test_another_port_is_taken_when_somebody_has_the_remembered_one(instance: Instance) -> None:
    first = RedisServer(instance)
    with _started(first):
        pass
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", first.port))
        squatter.listen()
        with _started(second := RedisServer(instance)):
            assert second.port != first.port


def test_data_outlives_a_stop(instance: Instance) -> None:
    for statement in ("CREATE TABLE kept (n int)", "DROP TABLE kept"):
        with services.running(instance) as env, psycopg.connect(env["DATABASE_OWNER_URL"]) as connection:
            connection.execute(statement)


def test_a_test_database_that_was_half_made_or_damaged_is_made_anew(instance: Instance) -> None:
    server = _postgres(instance)
    with _started(server):
        pass
    shutil.rmtree(server.workplace / "global")
    with services.running(instance) as env:
        psycopg.connect(env["DATABASE_OWNER_URL"]).close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root lends PostgreSQL to somebody else")
def test_below_a_closed_folder_the_data_go_elsewhere_and_the_folder_stays_closed(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    instance = Instance("test", data=closed)
    instance.prepare()
    closed_mode = stat.S_IMODE(place.stat().st_mode)
    place.chmod(0o700)
    server = _postgres(instance)
    try:
        with _started(server):
            assert server.folder.is_relative_to((closed / "postgres-home").resolve())
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
    finally:
        place.chmod(closed_mode)
        shutil.rmtree(server.home.folder)


@pytest.mark.skipif(os.getuid() != 0, reason="only root lends PostgreSQL to somebody else")
def test_the_copy_of_the_programs_runs_for_the_lent_user(instance: Instance) -> None:
    home = service_home.find(instance.data)
    programs = service_home.copy_programs(instance.data)
    uid, gid = map(int, home.user.split(":"))
    done = subprocess.run([programs / "initdb", "--version"], user=uid, group=gid, extra_groups=[], check=False)
    assert done.returncode == 0
