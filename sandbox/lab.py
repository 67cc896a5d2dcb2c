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
from sandbox.gateway.events import events_of
from sandbox.gateway.model import Happening
from sandbox.gateway.world import DEFAULT_SEED, World
from sandbox.journal import Journal
from sandbox.problems import Json
from sandbox.webhooks.outbox import Outbox
from sandbox.webhooks.switches import Switches


@dataclass(frozen=True)
class Settings:
    """
    How the sandbox was started. `base_url` is empty when tokens shall name the address that a request came to. Without
    a `webhook_url` there are no webhooks until the control API gives one.
    """

    gateway_api_key: str = "sandbox-gateway-key"
    webhook_secret: str = "sandbox-webhook-secret"
    base_url: str = ""
    webhook_url: str = ""


class Lab:
    """
    The worlds, the faults, the journal and the outbox. Whoever reads or changes them holds `lock`; nobody waits while
    holding it.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lock = threading.RLock()
        self.clock = Clock()
        usual = Switches(url=settings.webhook_url, secret=settings.webhook_secret)
        self.outbox = Outbox(threading.Condition(self.lock), usual, settings.gateway_api_key)
        self.gateway = self._new_world(DEFAULT_SEED)
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
        """Empty worlds, no faults, nothing noted or sent. Signing keys stay, so that cached key sets stay good."""
        self.gateway = self._new_world(seed)
        self.outbox.reset()
        self.faults.clear()
        self.journal.clear()

    def _new_world(self, seed: int) -> World:
        world = World(self.clock, seed)
        world.tell = lambda happening: self._tell(world, happening)
        return world

    def _tell(self, world: World, happening: Happening) -> None:
        if self.outbox.switches.url:
            self.outbox.accept(events_of(world, happening))

    def _collect(self) -> Json:
        with self.lock:
            return {"gateway": self.gateway.to_json(), "clerk": self.keys.to_json()}

    def _load(self, state: Mapping[str, Json]) -> None:
        self.gateway.load(state["gateway"])
        self.keys.load(state["clerk"])
