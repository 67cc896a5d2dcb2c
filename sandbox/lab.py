"""Everything that one sandbox holds, behind one lock."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox import clerk, gateway, store
from sandbox.clerk.keys import Keyring
from sandbox.clock import Clock
from sandbox.faults import FaultBoard
from sandbox.gateway import communities
from sandbox.gateway.world import DEFAULT_SEED, World
from sandbox.journal import Journal
from sandbox.problems import Json


@dataclass(frozen=True)
class Settings:
    """How the sandbox was started. `base_url` is empty when tokens shall name the address that a request came to."""

    gateway_api_key: str = "sandbox-gateway-key"
    webhook_secret: str = "sandbox-webhook-secret"
    base_url: str = ""


class Lab:
    """
    The worlds, the faults and the journal. Whoever reads or changes them holds `lock`; nobody waits while holding it.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lock = threading.RLock()
        self.clock = Clock()
        self.gateway = World(self.clock)
        self.keys = Keyring()
        self.faults = FaultBoard([gateway.SERVICE, clerk.SERVICE])
        self.journal = Journal([settings.gateway_api_key, settings.webhook_secret])
        self._file: store.StateFile | None = None

    def keep_in(self, path: Path) -> None:
        """
        Go on from the state in a file, and write every change to it.

        :raises Unreadable: the file holds something else
        """
        state = store.load(path)
        try:
            if state is not None:
                self._load(state)
        except (KeyError, TypeError) as error:
            raise store.Unreadable(
                f"{path} holds another sandbox's state: {error!r}; remove it to start anew"
            ) from error
        self._file = store.StateFile(path, self._collect)
        self._file.save()
        self._file.start()

    def changed(self) -> None:
        """A world has changed."""
        if self._file:
            self._file.touch()

    def save(self) -> None:
        """Write the state now."""
        if self._file:
            self._file.save()

    def settle(self) -> None:
        """Let happen what is due."""
        if communities.settle(self.gateway):
            self.changed()

    def reset(self, seed: int = DEFAULT_SEED) -> None:
        """Empty worlds, no faults, an empty journal. Signing keys stay, so that cached key sets stay good."""
        self.gateway = World(self.clock, seed)
        self.faults.clear()
        self.journal.clear()

    def _collect(self) -> Json:
        with self.lock:
            return {"gateway": self.gateway.to_json(), "clerk": self.keys.to_json()}

    def _load(self, state: Mapping[str, Json]) -> None:
        self.gateway.load(state["gateway"])
        self.keys.load(state["clerk"])
