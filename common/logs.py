"""What a log line may say."""

import re
from collections.abc import MutableMapping
from typing import Any

_PHONE = re.compile(r"(?<![\w@.])(\+\d{3})\d{3,10}(\d{2})(?!\w)")


def mask_phone(phone: str) -> str:
    """`+919812345678` → `+919*******78`: enough to recognise one's own number, too little to call it."""
    return f"{phone[:4]}{'*' * max(len(phone) - 6, 0)}{phone[-2:]}"


def mask_phones(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: masks every E.164 number in the texts of a log line."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _PHONE.sub(lambda found: mask_phone(found.group()), value)
    return event
