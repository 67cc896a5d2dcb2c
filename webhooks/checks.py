"""System checks of the settings: every source is there before its sender calls."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from webhooks import sources


@register()
def check_sources(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Each dotted path of `WEBHOOK_SOURCES` leads to a `Source`."""
    return list(_broken())


def _broken() -> Iterator[CheckMessage]:
    for name in settings.WEBHOOK_SOURCES:
        try:
            sources.get(name)
        except (ImportError, TypeError) as error:
            yield Error(f"The webhook source {name} cannot be used: {error}.", id="webhooks.E001")
