"""Control of how a played service writes and behaves, where vendors are known to differ: the same for each service."""

from collections.abc import Callable, Mapping
from typing import Protocol

from sandbox.control import Route
from sandbox.fields import Fields
from sandbox.lab import Lab
from sandbox.problems import Json


class Styled(Protocol):
    """A world with a choice for each variant."""

    style: dict[str, str]


def routes(
    service: str, *, world: Callable[[Lab], Styled], variants: Mapping[str, tuple[str, ...]], usual: Mapping[str, str]
) -> list[Route]:
    """`/<service>/style`: GET tells the choices and what there is, POST changes those named, DELETE resets all."""

    def read(lab: Lab, fields: Fields) -> Json:
        return {"style": world(lab).style, "allowed": {name: list(words) for name, words in variants.items()}}

    def change(lab: Lab, fields: Fields) -> Json:
        changed = {name: fields.choice(name, words) for name, words in variants.items() if fields.holds(name)}
        fields.done()
        world(lab).style |= changed
        return read(lab, fields)

    def reset(lab: Lab, fields: Fields) -> Json:
        world(lab).style = dict(usual)
        return read(lab, fields)

    path = f"/{service}/style"
    for handler in (read, change, reset):
        handler.__name__ += f"_{service}_style"
    return [("GET", path, read), ("POST", path, change), ("DELETE", path, reset)]
