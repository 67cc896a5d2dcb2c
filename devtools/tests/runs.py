"""Runs of `python -m devtools` in a project, seen from outside."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil


def finish(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run to the end; standard output and error come together."""
    return subprocess.run(
        [sys.executable, "-m", "devtools", *arguments],
        cwd=project,
        env={**surroundings(), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )


class Running:
    """A run in a process group of its own, as a terminal would have it."""

    def __init__(self, project: Path, *arguments: str, until: str) -> None:
        self.project = project
        self.process = subprocess.Popen(
            [sys.executable, "-m", "devtools", *arguments],
            cwd=project,
            env=surroundings(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = ""
        self._read(until)

    def _read(self, until: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if until in line:
                return
        self.process.communicate()
        raise AssertionError(f"It ended without “{until}”:\n{self.said}")

    def press_ctrl_c(self) -> int:
        """Send what a terminal sends; return the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.end()

    def end(self) -> int:
        """Wait for the end; return the exit code."""
        self.said += self.process.communicate(timeout=30)[0]
        return self.process.returncode


def surroundings() -> dict[str, str]:
    """The environment of a person at a terminal, whatever runs these tests."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def of_project(project: Path) -> list[psutil.Process]:
    """Every process that works for the project, by its folder or its command line."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(project) or str(project) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found
