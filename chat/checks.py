"""System checks of the settings: what a deployment should know of its chat."""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

_PREFIX = re.compile(r"[A-Za-z0-9-]{1,20}")


@register(Tags.security, deploy=True)
def check_chat(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """The role of companies, and the beginning of ids."""
    return [*_role(), *_prefix()]


def _role() -> Iterator[CheckMessage]:
    if settings.STREAM_COMPANY_ROLE == "admin":
        text = "STREAM_COMPANY_ROLE is admin: any company's token reads, edits and deletes all conversations."
        hint = "Set it to user, and companies are moderators of their own conversations alone (docs/chat.md)."
        yield Warning(text, hint=hint, id="chat.W001")


def _prefix() -> Iterator[CheckMessage]:
    if not _PREFIX.fullmatch(settings.STREAM_ID_PREFIX):
        hint = "Up to 20 letters, digits and dashes."
        yield Error(f"STREAM_ID_PREFIX {settings.STREAM_ID_PREFIX!r} makes no ids.", hint=hint, id="chat.E001")
