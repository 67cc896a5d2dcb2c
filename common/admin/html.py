"""Small pieces of pages: states and links."""

from datetime import datetime
from html import unescape

from django.contrib.admin.utils import display_for_value, quote
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
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


def who(actor: str) -> SafeString:
    """Whom a row names (`staff:1`, `user:user_1`, `command:…`, a word), as text of a page or as the column has it."""
    kind, _, key = unescape(actor).partition(":")
    if kind == "staff" and key:
        return link(reverse("admin:accounts_staffuser_change", args=[quote(key)]), f"staff member {key}")
    if kind == "user" and key:
        return link(reverse("admin:accounts_appuser_change", args=[quote(key)]), key)
    return conditional_escape(f"manage.py {key}" if kind == "command" else unescape(actor))


def wide(text: str) -> str:
    """A sentence in a list, in a column that leaves it room."""
    return text and format_html('<div class="min-w-56">{}</div>', text)
