"""The journal: every request to a played service, in the order in which they came."""

import json
import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sandbox.problems import Json
from sandbox.stage import Answer, Call

_SECRET_NAME = re.compile(r"secret|token|password|authorization|api[_-]?key|credential", re.IGNORECASE)
_MASK = "***"
_LONGEST_BODY = 20_000


class Numbered(Protocol):
    """What a list that is read from a control path holds."""

    @property
    def id(self) -> int:
        """Counts up."""


T = TypeVar("T", bound=Numbered)


@dataclass
class Entry:
    """
    One request. `status` is the number given, "cut" when the connection was, and None while no answer was given yet.
    `ended_at` comes with it. `body` is JSON with secrets masked.
    """

    id: int
    at: str
    service: str
    operation: str
    method: str
    path: str
    session: str | None
    group: str | None
    status: int | str | None
    fault: str | None
    idempotency_key: str | None
    body: Json
    ended_at: str | None = None


class Journal:
    """Keeps the last `size` requests. `secrets` are masked wherever they stand in a body."""

    def __init__(self, secrets: Iterable[str] = (), size: int = 10_000) -> None:
        self._secrets = [secret for secret in secrets if secret]
        self._entries: deque[Entry] = deque(maxlen=size)
        self._last_id = 0

    def open(self, call: Call, fault: str | None, now: str) -> Entry:
        """Note a request that has just come."""
        self._last_id += 1
        entry = Entry(
            id=self._last_id,
            at=now,
            service=call.service,
            operation=call.operation,
            method=call.method,
            path=call.path,
            session=call.session,
            group=call.group,
            status=None,
            fault=fault,
            idempotency_key=call.idempotency_key,
            body=self._masked(call.body),
        )
        self._entries.append(entry)
        return entry

    def close(self, entry: Entry, answer: Answer, now: str) -> None:
        """Note what it was answered."""
        entry.status = "cut" if answer.cut else answer.status
        entry.ended_at = now

    def clear(self) -> None:
        """Forget everything; the numbering goes on."""
        self._entries.clear()

    def find(self, *, after: int = 0, last: int | None = None, **equal: str | None) -> list[Entry]:
        """
        The entries newer than the id `after` whose fields equal those given, oldest first; `last` keeps the newest.
        """
        return select(self._entries, after, last, equal)

    def __len__(self) -> int:
        return len(self._entries)

    def _masked(self, body: Json) -> Json:
        text = json.dumps(_without_secrets(body))
        for secret in self._secrets:
            text = text.replace(json.dumps(secret)[1:-1], _MASK)
        return json.loads(text) if len(text) <= _LONGEST_BODY else f"{text[:_LONGEST_BODY]}…"


def select(entries: Iterable[T], after: int, last: int | None, equal: Mapping[str, str | None]) -> list[T]:
    """Those newer than the id `after` whose fields equal those given, in their order; `last` keeps the newest."""
    wanted = {name: value for name, value in equal.items() if value is not None}
    found = [entry for entry in entries if entry.id > after and _equals(entry, wanted)]
    return found if last is None else found[max(0, len(found) - last) :]


def _equals(entry: Numbered, wanted: Mapping[str, str]) -> bool:
    return all(str(getattr(entry, name)) == value for name, value in wanted.items())


def _without_secrets(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _MASK if _SECRET_NAME.search(key) else _without_secrets(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return value
