"""Processes: none outlives us, whether we end in order or are killed."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from devtools import interrupts, processes
from devtools.bootstrap import ROOT
from devtools.problems import Problem
from devtools.tests.runs import of_project

#: A process that ignores requests to end, and has a child that does so too.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"])
print("ready", flush=True)
time.sleep(60)
"""

PARENT = """
import sys
from pathlib import Path
from devtools import processes
child = processes.start("child", [sys.executable, "-c", "import time; time.sleep(60)"], env={}, log=Path("child.log"))
print(child.process.pid, flush=True)
input()
"""


def test_stubborn_children_and_grandchildren_are_killed_in_the_end(tmp_path: Path) -> None:
    script = tmp_path / "stubborn.py"
    script.write_text(STUBBORN)
    child = processes.start("stubborn", [sys.executable, str(script)], env={}, log=tmp_path / "log")
    assert interrupts.wait_until(lambda: (tmp_path / "log").read_text().count("ready") == 2, within=5)
    assert len(of_project(script)) == 2
    processes.stop([child], grace=0.2)
    assert interrupts.wait_until(lambda: not of_project(script), within=5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has death signals")
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    assert interrupts.wait_until(lambda: not psutil.pid_exists(pid), within=5)


def test_what_carries_the_mark_of_an_instance_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    def sleeper(mark: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(["sleep", "60"], env={processes.MARKER: mark})

    ours, others = sleeper(str(tmp_path)), sleeper(str(tmp_path / "other"))
    try:
        processes.sweep(tmp_path, grace=0.2)
        assert not psutil.pid_exists(ours.pid)
        assert others.poll() is None
    finally:
        for process in (ours, others):
            process.kill()
            process.wait()


def test_a_process_that_ends_by_itself_is_named_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('cannot go on'); raise SystemExit(3)"]
    child = processes.start("worker", command, env={}, log=tmp_path / "worker.log")
    assert interrupts.wait_until(lambda: not child.is_alive, within=5)
    with pytest.raises(Problem, match=r"^worker ended by itself \(exit code 3\)\.\n  \| cannot go on\n") as problem:
        processes.check_all()
    processes.stop([child])
    assert problem.value.exit_code == 1
