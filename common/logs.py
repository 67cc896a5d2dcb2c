"""What a log line may say."""

import re
from collections.abc import MutableMapping
from typing import Any

#: In E.164, or as it stands in a URL: `%2B919812345678`.
_PHONE = re.compile(r"(?<![\w@.])(?P<plus>\+|%2B)(?P<digits>\d{8,15})(?!\w)", re.IGNORECASE)

#: What stands behind the source in the path of a webhook that is known by its address alone.
_TOKEN = re.compile(r"(?<=/webhooks/)(?P<source>[\w-]+)/[\w-]{32,}")


def mask_phone(phone: str) -> str:
    """`+919812345678` → `+919*******78`: enough to recognise one's own number, too little to call it."""
    return f"{phone[:4]}{'*' * max(len(phone) - 6, 0)}{phone[-2:]}"


def mask_phones(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: masks every E.164 number in the texts of a log line, those of URLs included."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _PHONE.sub(_masked, value)
    return event


def mask_tokens(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: masks the tokens in the paths of webhooks; whoever has one can send orders."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _TOKEN.sub(r"\g<source>/***", value)
    return event


def _masked(found: re.Match[str]) -> str:
    return found["plus"] + mask_phone(f"+{found['digits']}")[1:]
