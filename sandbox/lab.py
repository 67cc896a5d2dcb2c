"""Everything that one sandbox holds, behind one lock."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox import clerk, gateway, store, stream
from sandbox.clerk.events import event_of
from sandbox.clerk.keys import Keyring
from sandbox.clerk.world import ClerkWorld
from sandbox.clock import Clock
from sandbox.faults import FaultBoard
from sandbox.gateway import communities
from sandbox.gateway.events import events_of
from sandbox.gateway.model import Happening
from sandbox.gateway.world import DEFAULT_SEED, World
from sandbox.journal import Journal
from sandbox.problems import Json
from sandbox.stage import Event
from sandbox.stream.world import ChatWorld
from sandbox.webhooks.outbox import Outbox
from sandbox.webhooks.switches import SVIX_RETRY_SECONDS, Switches


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
    stream_api_key: str = "sandbox-stream-key"
    stream_api_secret: str = "sandbox-stream-secret-of-32-bytes"
    stream_webhook_url: str = ""
    clerk_secret_key: str = "sandbox-clerk-key"
    clerk_webhook_secret: str = "whsec_c2FuZGJveC1jbGVyay13ZWJob29rLXNlY3JldA=="
    clerk_webhook_url: str = ""


@dataclass(frozen=True)
class Post:
    """The outbox of one service, for the control of its webhooks."""

    outbox: Outbox


class Lab:
    """
    The worlds, the faults, the journal and the outboxes. Whoever reads or changes them holds `lock`; nobody waits while
    holding it.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lock = threading.RLock()
        self.clock = Clock()
        usual = Switches(url=settings.webhook_url, secret=settings.webhook_secret)
        self.outbox = Outbox(threading.Condition(self.lock), usual, settings.gateway_api_key)
        self.gateway = self._new_world(DEFAULT_SEED)
        self.stream_post = Post(self._stream_outbox())
        self.stream = self._new_chat()
        self._chat_listener: Callable[[Event, set[str]], None] | None = None
        self.clerk_post = Post(self._clerk_outbox())
        self.clerk = self._new_clerk(DEFAULT_SEED)
        self.orders_post = Post(Outbox(threading.Condition(self.lock), Switches(url="", secret="", signature="none")))
        self.keys = Keyring()
        self.faults = FaultBoard([gateway.SERVICE, clerk.SERVICE, stream.SERVICE])
        self.journal = Journal(
            [settings.gateway_api_key, settings.webhook_secret, settings.stream_api_secret, settings.clerk_secret_key]
        )
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
        self.stream = self._new_chat()
        self.outbox.reset()
        self.stream_post.outbox.reset()
        self.clerk = self._new_clerk(seed)
        self.clerk_post.outbox.reset()
        self.orders_post.outbox.reset()
        self.faults.clear()
        self.journal.clear()

    def _new_world(self, seed: int) -> World:
        world = World(self.clock, seed)
        world.tell = lambda happening: self._tell(world, happening)
        return world

    def _stream_outbox(self) -> Outbox:
        settings = self.settings
        usual = Switches(url=settings.stream_webhook_url, secret=settings.stream_api_secret, signature="stream")
        return Outbox(threading.Condition(self.lock), usual)

    def _clerk_outbox(self) -> Outbox:
        settings = self.settings
        usual = Switches(
            url=settings.clerk_webhook_url, secret=settings.clerk_webhook_secret, signature="svix", keeps_order=False,
            retry_seconds=SVIX_RETRY_SECONDS, timeout_seconds=15,
        )  # fmt: skip
        return Outbox(threading.Condition(self.lock), usual, final=frozenset({"invalid"}))

    def _new_clerk(self, seed: int) -> ClerkWorld:
        world = ClerkWorld(self.clock, seed)
        world.tell = lambda kind, subject: self.clerk_post.outbox.accept([event_of(world, kind, subject)])
        return world

    def _new_chat(self) -> ChatWorld:
        world = ChatWorld()
        world.tell = self._tell_of_chat
        return world

    def listen_to_chat(self, listener: Callable[[Event, set[str]], None]) -> None:
        """Call `listener` with what happens in Stream's channels, and with who is in the channel."""
        self._chat_listener = listener

    def _tell_of_chat(self, event: Event) -> None:
        self.stream_post.outbox.accept([event])
        channel = self.stream.channels.get(event.group or "")
        if channel and self._chat_listener:
            self._chat_listener(event, set(channel.members))

    def _tell(self, world: World, happening: Happening) -> None:
        if self.outbox.switches.url:
            self.outbox.accept(events_of(world, happening))

    def _collect(self) -> Json:
        with self.lock:
            return {
                "gateway": self.gateway.to_json(), "keys": self.keys.to_json(), "clerk": self.clerk.to_json(),
                "stream": self.stream.to_json(),
            }  # fmt: skip

    def _load(self, state: Mapping[str, Json]) -> None:
        self.gateway.load(state["gateway"])
        self.keys.load(state["keys"])
        self.clerk.load(state["clerk"])
        self.stream.load(state["stream"])
