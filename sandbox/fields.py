"""Reading the JSON body of a control request: each field by name and type, everything else refused."""

from collections.abc import Iterable
from typing import Any

from sandbox.problems import bad_input


class Fields:
    """The fields of one JSON object, null as good as absent. Each getter takes its field; `done` refuses the rest."""

    def __init__(self, values: Any, where: str = "the body") -> None:
        if not isinstance(values, dict):
            raise bad_input(f"{where} must be a JSON object")
        self._values: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
        self._where = where

    def done(self) -> None:
        """:raises Problem: there are fields that nobody knows"""
        if self._values:
            raise bad_input(f"{self._where} has unknown fields: {', '.join(sorted(self._values))}")

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self.text_or_none(name)
        if not value:
            raise bad_input(f"{name} is missing or empty")
        return value

    def text_or_none(self, name: str) -> str | None:
        """A text; None when the field is absent or null."""
        value = self._values.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise bad_input(f"{name} must be a text")
        return value

    def choice(self, name: str, allowed: Iterable[str], default: str | None = None) -> str:
        """One of the allowed words."""
        words = list(allowed)
        value = self._values.pop(name, None)
        if value is None and default is not None:
            return default
        if value not in words:
            raise bad_input(f"{name} must be one of: {', '.join(words)}")
        return str(value)

    def number_or_none(self, name: str, least: float = 0.0, most: float = 1e9) -> float | None:
        """A number between `least` and `most`; None when the field is absent or null."""
        value = self._values.pop(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise bad_input(f"{name} must be a number from {least:g} to {most:g}")
        return value

    def count(self, name: str, least: int = 0, most: int = 100_000) -> int:
        """A whole number between `least` and `most`."""
        value = self.count_or_none(name, least, most)
        if value is None:
            raise bad_input(f"{name} is missing")
        return value

    def count_or_none(self, name: str, least: int = 0, most: int = 100_000) -> int | None:
        """A whole number between `least` and `most`; None when the field is absent or null."""
        value = self._values.pop(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise bad_input(f"{name} must be a whole number from {least} to {most}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false."""
        value = self.flag_or_none(name)
        return default if value is None else value

    def flag_or_none(self, name: str) -> bool | None:
        """True or false; None when the field is absent or null."""
        value = self._values.pop(name, None)
        if value is not None and not isinstance(value, bool):
            raise bad_input(f"{name} must be true or false")
        return value

    def items(self, name: str) -> list[Any] | None:
        """A list of anything; None when the field is absent or null."""
        value = self._values.pop(name, None)
        if value is not None and not isinstance(value, list):
            raise bad_input(f"{name} must be a list")
        return value

    def numbers_or_none(self, name: str, most: float = 1e6) -> list[float] | None:
        """A list of numbers from 0 to `most`; None when the field is absent or null."""
        values = self.items(name)
        return None if values is None else [_number(name, value, most) for value in values]

    def ids_or_none(self, name: str) -> list[int] | None:
        """A list of whole numbers; None when the field is absent or null."""
        values = self.items(name)
        if values and not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            raise bad_input(f"{name} must be a list of whole numbers")
        return values

    def texts(self, name: str) -> list[str]:
        """A list of texts with at least one of them."""
        value = self.items(name)
        if not value or not all(isinstance(item, str) and item for item in value):
            raise bad_input(f"{name} must be a list of texts, with at least one")
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        """An object, empty when the field is absent or null."""
        value = self._values.pop(name, None)
        if value is not None and not isinstance(value, dict):
            raise bad_input(f"{name} must be an object")
        return value or {}

    def holds(self, name: str) -> bool:
        """Whether the field is given and not null."""
        return name in self._values


def _number(name: str, value: Any, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise bad_input(f"{name} must be numbers from 0 to {most:g}")
    return value
