"""A sandbox of one's own for a test or a demo: started on a free port, stopped at the end, never left behind."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sandbox.client import Sandbox

_ROOT = Path(__file__).resolve().parent.parent
_START_LINE = re.compile(r"Sandbox on (http://\S+)")
_PATIENCE = 10
_NO_RECEIVERS = dict.fromkeys(("ROLLCALL_WEBHOOK_URL", "ROLLCALL_STREAM_WEBHOOK_URL", "ROLLCALL_CLERK_WEBHOOK_URL"), "")


class SandboxProcess:
    """
    A sandbox in a process of its own. It ends when the process that started it does, however that happens: it reads
    a pipe whose other end closes then.

    :param port: 0 takes a free one
    :param state: a file to keep the worlds in
    :param environment: variables besides those of this process; webhooks go nowhere unless ROLLCALL_WEBHOOK_URL
        and its like are here
    :raises RuntimeError: it did not start
    """

    def __init__(
        self, *, port: int = 0, state: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        command = [sys.executable, "-m", "sandbox", "--port", str(port), "--leashed"]
        command += ["--state", str(state.resolve())] if state else []
        self._process = subprocess.Popen(
            command,
            cwd=_ROOT,
            env={**os.environ, **_NO_RECEIVERS, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.sandbox = Sandbox(self._address())

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def stop(self) -> None:
        """End it, with its state saved. Doing so twice is harmless."""
        self._process.terminate()
        self._end()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._end()

    def _address(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = _START_LINE.match(line)
        if found is None:
            self.kill()
            raise RuntimeError(f"the sandbox did not start: {line.strip() or 'see its message above'}")
        return found.group(1)

    def _end(self) -> None:
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()


@contextmanager
def running_sandbox(
    *, port: int = 0, state: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Sandbox]:
    """A sandbox for the length of a `with` block."""
    process = SandboxProcess(port=port, state=state, environment=environment)
    try:
        yield process.sandbox
    finally:
        process.stop()
