"""The state file: what the worlds hold, written a moment after they change, whole or not at all."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.problems import Json

_PAUSE = 0.3
_VERSION = 1


class Unreadable(Exception):
    """The file is there, and is no state of a sandbox."""


class StateFile:
    """
    Writes `collect()` to `path` at most every 0.3 seconds while there are changes.

    Each writing goes to a file beside it, which then takes its place: a reader never sees half a state.
    """

    def __init__(self, path: Path, collect: Callable[[], Json]) -> None:
        self._path = path
        self._collect = collect
        self._changed = threading.Event()
        self._writing = threading.Lock()

    def start(self) -> None:
        """Begin to write changes."""
        threading.Thread(target=self._run, name="state-file", daemon=True).start()

    def touch(self) -> None:
        """Something has changed."""
        self._changed.set()

    def save(self) -> None:
        """Write now."""
        with self._writing:
            draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
            draft.touch(mode=0o600)
            draft.write_text(json.dumps({"version": _VERSION, "state": self._collect()}))
            draft.replace(self._path)

    def _run(self) -> None:
        while self._changed.wait():
            self._changed.clear()
            try:
                self.save()
            except OSError as error:
                sys.stderr.write(f"sandbox: the state was not saved: {error}\n")
                self._changed.set()
            time.sleep(_PAUSE)


def load(path: Path) -> Json | None:
    """
    The state in the file; None when there is no file.

    :raises Unreadable: it holds something else
    """
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise Unreadable(f"{path} is not a state file of this sandbox; remove it to start anew")
    return content["state"]
