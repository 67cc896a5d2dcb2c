"""Small pieces of pages: states and links."""

from datetime import datetime

from django.contrib.admin.utils import display_for_value
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString


def badge(text: str, color: str) -> SafeString:
    """`color` is one of unfold's: success, info, warning, danger."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": color})


def link(url: str, text: object) -> SafeString:
    """A link that looks like one."""
    return format_html('<a class="text-link" href="{}">{}</a>', url, text)


def moment(value: datetime | None) -> str:
    """A time that a method answers, written as a column's is: Django writes it so in lists, and not on pages."""
    return str(display_for_value(value, "")) if value else ""


def wide(text: str) -> str:
    """A sentence in a list, in a column that leaves it room."""
    return text and format_html('<div class="min-w-56">{}</div>', text)
