"""`./dev up`, `demo` and `manage`, from the terminal's point of view."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from devtools import instances, interrupts
from devtools.tests.runs import Running, finish, of_project

UP = "Ctrl-C ends all of it."


@pytest.fixture
def port() -> int:
    """A base for the three ports of `up` that are all free now."""
    for base in range(31_000, 32_000, 10):
        if all(map(instances.is_free, (base, base + 1, base + 100))):
            return base
    raise AssertionError("no free ports")


def test_up_answers_is_there_once_is_joined_by_manage_and_ends_without_a_trace(project: Path, port: int) -> None:
    up = Running(project, "up", "--port", str(port), until=UP)
    for words in (f"http://127.0.0.1:{port}/api/docs", f"http://127.0.0.1:{port + 100}/", "Admin login: demo / demo"):
        assert words in up.said

    second = finish(project, "up", "--port", str(port))
    assert (second.returncode, second.stdout) == (2, f"./dev up (pid {up.process.pid}) is already running here.\n")

    shown = finish(project, "manage", "show", SWEEP_SECONDS="3").stdout
    assert f"ROLLCALL_WEBHOOK_URL=http://127.0.0.1:{port}/webhooks/whatsapp/main\n" in shown
    assert "DATABASE_OWNER_URL=postgres://rollcall_owner:" in shown
    assert "SWEEP_SECONDS=3\n" in shown

    assert up.press_ctrl_c() == 0
    assert up.said.endswith("Stopping …\n")
    assert of_project(project) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has death signals")
def test_nothing_survives_a_killed_up_and_the_next_one_names_the_process_that_ends_it(project: Path, port: int) -> None:
    killed = Running(project, "up", "--port", str(port), until=UP)
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.end()
    assert interrupts.wait_until(lambda: not of_project(project), within=10)

    again = Running(project, "up", "--port", str(port), until=UP)
    next(process for process in of_project(project) if "beat" in process.cmdline()).kill()
    assert again.end() == 1
    assert "beat ended by itself (killed by SIGKILL)." in again.said
    assert of_project(project) == []


def test_a_port_that_is_taken_is_named_with_the_way_out(project: Path, port: int) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        run = finish(project, "up", "--port", str(port))
    name = psutil.Process().name()
    assert run.returncode == 2
    assert f"Port {port}, for web, is taken by {name} (pid {os.getpid()})." in run.stdout
    assert "./dev up --port" in run.stdout
    assert "Traceback" not in run.stdout


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"DATABASE_URL": "postgres://a:b@127.0.0.1:1/c"}, "DATABASE_URL is set, DATABASE_OWNER_URL is not: set both"),
        (
            dict.fromkeys(("DATABASE_URL", "DATABASE_OWNER_URL"), "postgres://a:b@127.0.0.1:1/c"),
            "Cannot reach the database of DATABASE_OWNER_URL: connection failed",
        ),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "Cannot reach the Redis of REDIS_URL: "),
        ({"REDIS_URL": "nonsense"}, "Cannot reach the Redis of REDIS_URL: "),
    ],
)
def test_servers_that_are_named_wrongly_are_one_line(project: Path, variables: dict[str, str], words: str) -> None:
    run = finish(project, "manage", "check", **variables)
    assert run.returncode == 2
    assert run.stdout.startswith(words)
    assert run.stdout.count("\n") == 1


@pytest.fixture
def env_file(project: Path) -> Iterator[Path]:
    """The project's `.env`, gone again afterwards."""
    path = project / ".env"
    yield path
    path.unlink()


def test_what_the_env_file_says_reaches_manage(project: Path, env_file: Path) -> None:
    env_file.write_text("SECRET_KEY=mine\nREDIS_URL=\n")
    assert "SECRET_KEY=mine\n" in finish(project, "manage", "show").stdout


def test_a_demo_is_made_anew_and_knows_nothing_of_a_person_s_settings(project: Path, env_file: Path) -> None:
    elsewhere = "redis://127.0.0.1:1/0"
    env_file.write_text(f"REDIS_URL={elsewhere}\n")
    former = project / ".data" / "demo" / "redis" / "former"
    former.parent.mkdir(parents=True)
    former.touch()
    demo = finish(project, "demo", REDIS_URL=elsewhere, SECRET_KEY="mine")
    assert demo.returncode == 0
    assert demo.stdout.splitlines()[-1].startswith("the story of http://127.0.0.1:")
    assert not former.exists()
