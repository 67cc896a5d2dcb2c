"""What the embedded PostgreSQL and the embedded Redis have in common: start, stop, and the remains of a killed run."""

import shutil
import signal
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil

from devtools import interrupts, processes
from devtools.instances import Instance

START_SECONDS = 30.0
STOP_SECONDS = 10.0
ATTEMPTS = 3
PORT_TAKEN = "Address already in use"


@dataclass
class Server(ABC):
    """One server over the folder of one instance, on a port that it keeps as long as nobody else takes it."""

    instance: Instance
    port: int = 0
    child: processes.Child | None = None

    program: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    @property
    @abstractmethod
    def folder(self) -> Path:
        """What the server owns."""

    @property
    @abstractmethod
    def workplace(self) -> Path:
        """The working directory of the server and of its children, by which a leftover is known."""

    @abstractmethod
    def addresses(self) -> dict[str, str]:
        """What a Django process needs to know of it."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the folder and what has to be in it."""

    @abstractmethod
    def launch(self) -> processes.Child:
        """Start the process on `port`."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it can be worked with."""

    def start(self) -> None:
        """
        Start the server and wait until it answers.

        :raises Problem: it does not; the end of its log is told
        """
        self.prepare()
        for attempts_left in reversed(range(ATTEMPTS)):
            self.port = self.instance.port(self.program)
            child = self.child = self.launch()
            if self._comes_up(child):
                return
            if not attempts_left or not child.has_said(PORT_TAKEN):
                raise child.death_note()
            self.stop()

    def stop(self) -> None:
        """End the server in order."""
        if self.child:
            processes.stop([self.child], grace=STOP_SECONDS)

    def end_leftover(self) -> None:
        """Stop the server that a killed run left behind, known by its program and its working directory."""
        leftovers = [process for process in psutil.process_iter(["name"]) if self._is_leftover(process)]
        for signum in (self.stop_signal, signal.SIGKILL):
            for process in leftovers:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signum)
            leftovers = psutil.wait_procs(leftovers, timeout=STOP_SECONDS)[1] if leftovers else []

    def wipe(self) -> None:
        """Forget what it holds."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _comes_up(self, child: processes.Child) -> bool:
        interrupts.wait_until(lambda: not child.is_alive or self.answers(), within=START_SECONDS, every=0.02)
        return child.is_alive and self.answers()

    def _is_leftover(self, process: psutil.Process) -> bool:
        try:
            return process.name() == self.program and Path(process.cwd()) == self.workplace.resolve()
        except (psutil.Error, OSError):
            return False
