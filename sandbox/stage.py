"""What a played service is asked, what it answers and what it tells by itself, whatever the service."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sandbox.problems import Json

Cut = Literal["quiet", "reset"]


@dataclass(frozen=True)
class Call:
    """One request to a played service. `body` is parsed JSON, None when there is none or it is broken."""

    service: str
    operation: str
    method: str
    path: str
    session: str | None
    group: str | None
    query: Mapping[str, str]
    body: Json
    idempotency_key: str | None


@dataclass(frozen=True)
class Answer:
    """What goes back: status, body, headers; or, with `cut`, nothing but a closed or reset connection."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: Cut | None = None


@dataclass(frozen=True)
class Event:
    """Something that a played service tells by itself: `kind` says what, `body` is what gets posted."""

    kind: str
    session: str | None
    group: str | None
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)


CUT = Answer(0, cut="quiet")
RESET = Answer(0, cut="reset")


def json_answer(body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(body).encode(), headers=headers or {})


class Refused(Exception):
    """Raised by an operation that ends in an error answer of its service."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(f"status {answer.status}")


@dataclass(frozen=True)
class Param:
    """A parameter of a fault: its default, what it is, and the smallest and largest number."""

    default: Json
    type: Literal["number", "count", "text", "flag"]
    least: float = 0
    most: float = 100_000


Params = Mapping[str, Json]


@dataclass(frozen=True)
class Kind:
    """
    A kind of fault. `replaces` makes the answer that is given instead of the true one; without it the pipeline or
    the operation knows the kind by name. `operations` is None when it fits all of them.
    """

    summary: str
    params: Mapping[str, Param] = field(default_factory=dict)
    replaces: Callable[[Params], Answer] | None = None
    operations: frozenset[str] | None = None


@dataclass(frozen=True)
class Service:
    """A played service: its name, its operations, and the kinds of fault that only it has."""

    name: str
    operations: tuple[str, ...]
    kinds: Mapping[str, Kind]
