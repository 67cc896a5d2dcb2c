"""A state as a word on a color."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString


def badge(text: str, color: str) -> SafeString:
    """`color` is one of unfold's: success, info, warning, danger."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": color})
