"""The QR code of a session in the admin: a small page of its own, which renews itself in its frame."""

import re

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from segno.encoder import DataOverflowError

from whatsapp.models import Session

#: Gateways give the code's text or a picture of it; no SVG, which may hold scripts.
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")
_REFRESH = "3"


def framed(request: HttpRequest, session: Session) -> HttpResponse:
    """What to scan now, and until when; or why there is nothing to scan."""
    context = {"session": session, "picture": _picture(session.live_qr_code), "left": _seconds_left(session)}
    response = render(request, "whatsapp/qr.html", context)
    if session.status in (Session.Status.CONNECTING, Session.Status.QR_PENDING):
        response["Refresh"] = _REFRESH
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _seconds_left(session: Session) -> int:
    expires_at = session.qr_expires_at
    return max(0, round((expires_at - timezone.now()).total_seconds())) if expires_at else 0


def _picture(code: str) -> SafeString | None:
    """None when there is no code, or none that can be shown."""
    if _PICTURE.fullmatch(code):
        return format_html('<img src="{}" alt="QR code" width="264">', code)
    if not code or code.startswith("data:"):
        return None
    try:
        return mark_safe(segno.make(code, micro=False).svg_inline(scale=4, border=4, light="#fff"))
    except (DataOverflowError, ValueError):
        return None
