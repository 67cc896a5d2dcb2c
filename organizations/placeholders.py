"""Texts with placeholders: an organization's templates for the names and descriptions of communities."""

import re
from collections.abc import Mapping

PLACEHOLDERS = frozenset({"workshop_name", "workshop_title", "workshop_date", "start_time"})
#: Known only once a community exists: for descriptions, and never for names.
INVITE_LINK = "invite_link"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def unknown_placeholders(template: str, known: frozenset[str] = PLACEHOLDERS) -> list[str]:
    """The placeholders of `template` that nothing would fill, in order."""
    return [name for name in _PLACEHOLDER.findall(template) if name not in known]


def fill(template: str, values: Mapping[str, str]) -> str:
    """`template` with each placeholder replaced; one without a value becomes empty. Values are never templates."""
    return _PLACEHOLDER.sub(lambda found: values.get(found.group(1), ""), template)
