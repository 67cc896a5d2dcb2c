"""Request bodies: JSON, and nothing in it that PostgreSQL cannot hold."""

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError, ValidationError

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class JSONParser(parsers.JSONParser):
    """JSON in UTF-8 (RFC 8259, 8.1), whatever charset is named. Damage is a 400, by field where it can be."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """
        The value of the body.

        :raises ParseError: it is no JSON, or nested beyond reading
        :raises ValidationError: it has a text that cannot be stored
        """
        try:
            found = super().parse(stream, media_type, {**(parser_context or {}), "encoding": "utf-8"})
        except RecursionError as error:
            raise ParseError("JSON parse error - it is nested too deeply") from error
        field = unstorable(found)
        if field is not None:
            raise ValidationError({field or "non_field_errors": ["NUL and halves of surrogate pairs are no text."]})
        return found


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: it has no NUL and no half of a surrogate pair."""
    return not _UNSTORABLE.search(text)


def unstorable(value: Any) -> str | None:
    """Where in a JSON value a text is that PostgreSQL cannot hold, as `field.0.name`; None when there is none."""
    waiting: list[tuple[list[str], Any]] = [([], value)]
    while waiting:
        path, found = waiting.pop()
        if isinstance(found, str) and not is_storable(found):
            return ".".join(path)
        if isinstance(found, dict):
            if not all(is_storable(name) for name in found):
                return ".".join(path)
            waiting += [([*path, name], inner) for name, inner in found.items()]
        elif isinstance(found, list):
            waiting += [([*path, str(index)], inner) for index, inner in enumerate(found)]
    return None
