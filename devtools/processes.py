"""
The processes that we start: each in a session of its own, with a log, on a leash.

A child is stopped by its own signal, then its whole session is killed, so nothing it started remains. `sweep` ends what
a former run, killed outright, could not end: such processes carry the instance's folder in their environment.
"""

import math
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from devtools import interrupts
from devtools.bootstrap import ROOT
from devtools.problems import FAILED, Problem

MARKER = "ROLLCALL_INSTANCE"
LEASH = Path(__file__).with_name("leash.py")
GRACE_SECONDS = 8.0
_running: "list[Child]" = []


@dataclass(frozen=True)
class Child:
    """One process of ours, the leader of its session."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def has_said(self, words: str) -> bool:
        """Whether its log holds the words."""
        return words in self.log.read_text(errors="replace")

    def death_note(self) -> Problem:
        """What to tell when it ended, or failed to begin, by itself."""
        what = "does not answer" if self.is_alive else f"ended by itself ({_describe(self.process.returncode)})"
        return Problem(f"{self.name} {what}.\n{last_lines(self.log)}", exit_code=FAILED)


def leashed(command: Sequence[str], *, death_signal: int, user: str = "") -> list[str]:
    """`command` as one that ends with this process; `user` is `uid:gid` to run as."""
    program = shutil.which(command[0]) or command[0]
    return [
        sys.executable,
        "-I",
        "-S",
        str(LEASH),
        str(os.getpid()),
        str(int(death_signal)),
        user,
        program,
        *command[1:],
    ]


def start(
    name: str,
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    death_signal: signal.Signals | None = None,
    user: str = "",
    cwd: Path = ROOT,
) -> Child:
    """Start a process in the background. It is sent `death_signal`, by default `stop_signal`, when we are killed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            leashed(command, death_signal=death_signal or stop_signal, user=user),
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _running.append(Child(name, process, log, stop_signal))
    return _running[-1]


def stop(children: Iterable[Child], *, grace: float = GRACE_SECONDS) -> None:
    """End the children side by side: each by its own signal, and with its whole session after `grace` seconds."""
    children = list(children)
    for child in children:
        if child.is_alive:
            child.process.send_signal(child.stop_signal)
    interrupts.wait_until(lambda: not any(child.is_alive for child in children), within=grace, every=0.02, heed=False)
    for child in children:
        if child.is_alive:
            print(f"{child.name} did not end within {grace:.0f} s and is killed.", flush=True)
    _kill_sessions({child.process.pid for child in children})
    for child in children:
        child.process.wait()
        if child in _running:
            _running.remove(child)


def kill_all() -> None:
    """Kill every child and whatever it started, without asking."""
    _kill_sessions({child.process.pid for child in _running})


def check_all() -> None:
    """
    See that every process of ours runs.

    :raises Problem: one has ended by itself; the end of its log is told
    """
    for child in _running:
        if not child.is_alive:
            raise child.death_note()


def _kill_sessions(leaders: Collection[int]) -> None:
    for pid in psutil.pids():
        try:
            if os.getsid(pid) in leaders:
                os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def run_step(
    name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path, user: str = "", cwd: Path = ROOT
) -> str:
    """
    Run a command to its end and return what it printed.

    :raises Problem: it failed
    """
    child = start(name, command, env=env, log=log, user=user, cwd=cwd)
    try:
        interrupts.wait_until(lambda: not child.is_alive, within=math.inf, every=0.02)
    finally:
        stop([child])
    said = log.read_text(errors="replace")
    if child.process.returncode:
        raise Problem(f"{name} failed ({_describe(child.process.returncode)}).\n{last_lines(log)}", exit_code=FAILED)
    return said


def run_in_foreground(command: Sequence[str], *, env: Mapping[str, str]) -> int:
    """
    Run a command that talks to the terminal itself, and return its exit code.

    Ctrl-C at a terminal reaches the command directly and is its own affair: at a prompt it does not mean the end.
    """
    process = subprocess.Popen(leashed(command, death_signal=signal.SIGTERM), env=env, cwd=ROOT)
    if sys.stdin and sys.stdin.isatty():
        with interrupts.left_to_others(signal.SIGINT):
            return _attend(process)
    return _attend(process)


def _attend(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the end, passing on a signal that only we may have got."""

    def has_ended() -> bool:
        return process.poll() is not None

    try:
        interrupts.wait_until(has_ended, within=math.inf, every=0.02)
    except interrupts.Interrupted:
        if interrupts.received() != signal.SIGINT or not interrupts.wait_until(has_ended, within=3, heed=False):
            process.send_signal(interrupts.received())
        interrupts.wait_until(has_ended, within=GRACE_SECONDS, heed=False)
        process.kill()
    code = process.wait()
    return code if code >= 0 else 128 - code


def sweep(instance_folder: Path, *, grace: float = 3.0) -> None:
    """End what a former run of this instance left behind. Only the holder of the instance's lock may ask."""
    leftovers = [process for process in psutil.process_iter() if _belongs(process, instance_folder)]
    stubborn = psutil.wait_procs(leftovers, timeout=grace)[1] if leftovers else []
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=grace)


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, indented, and where the rest is."""
    lines = log.read_text(errors="replace").splitlines()[-count:] if log.exists() else []
    return "\n".join([*(f"  | {line}" for line in lines), f"All of it: {log}"])


def _belongs(process: psutil.Process, instance_folder: Path) -> bool:
    try:
        if process.pid == os.getpid() or process.uids().real != os.getuid():
            return False
        return process.environ().get(MARKER) == str(instance_folder)
    except (psutil.Error, OSError):
        return False


def _describe(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
