"""The QR code: shown as long as it can be scanned, to those who may connect the number."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from common import tenancy
from common.tests.admin_pages import staff, superuser, text_of, url
from organizations.tests.factories import MembershipFactory
from whatsapp import services
from whatsapp.client import SessionStatus
from whatsapp.models import Session
from whatsapp.tests.factories import SessionFactory

pytestmark = pytest.mark.django_db

CODE = "2@abcdefghijklmnopqrstuvwxyz,AAAA=,BBBB="


def waiting(code: str = CODE, *, seconds_ago: float = 0, **facts: Any) -> Session:
    received = timezone.now() - timedelta(seconds=seconds_ago)
    found: Session = SessionFactory.create(
        **{"status": "qr_pending", "full_phone": None, "qr_code": code, "qr_received_at": received, **facts}
    )
    return found


def frame(session: Session, client: Any = None) -> Any:
    return (client or superuser()).get(url(Session, "qr", session.pk))


def test_the_api_shows_a_code_and_until_when_it_can_be_scanned(api: Any, settings: Any) -> None:
    membership = MembershipFactory.create(role="admin")
    session = waiting(organization=membership.organization)
    answer = api(membership).get(f"/api/sessions/{session.pk}").json()
    assert answer["qr_code"] == CODE
    assert answer["qr_expires_at"] > answer["qr_received_at"]
    settings.WHATSAPP_QR_SECONDS = 0
    assert api(membership).get(f"/api/sessions/{session.pk}").json()["qr_code"] == ""


@pytest.mark.parametrize("status", ["connected", "disconnected", "logged_out", "connecting"])
def test_a_code_that_is_left_over_is_not_shown(status: str) -> None:
    session = waiting(status=status)
    assert (session.live_qr_code, session.qr_expires_at) == ("", None)


def test_a_new_code_begins_a_new_time_and_a_repeated_one_does_not() -> None:
    session = waiting(seconds_ago=50)

    def told(code: str) -> Any:
        with tenancy.tenant(session.organization_id):
            status = SessionStatus("qr_pending", None, code, None)
            return services.record_status(session=session, status=status).qr_expires_at

    assert told(CODE) - timezone.now() < timedelta(seconds=11)
    assert told("2@another") - timezone.now() > timedelta(seconds=55)


def test_the_admin_shows_the_code_in_a_frame_that_renews_itself() -> None:
    session = waiting(seconds_ago=10)
    page = superuser().get(url(Session, "change", session.pk)).content.decode()
    assert f'<iframe src="{url(Session, "qr", session.pk)}"' in page
    answer = frame(session)
    assert "<svg" in answer.content.decode()
    left = re.search(r"A new one follows in (\d+) s\.", text_of(answer))
    assert left
    assert 40 <= int(left[1]) <= 50  # however long the page before it took
    assert (answer["Refresh"], answer["X-Frame-Options"]) == ("3", "SAMEORIGIN")
    assert "no-store" in answer["Cache-Control"]


def test_a_picture_of_a_code_is_shown_as_it_is() -> None:
    assert (
        '<img src="data:image/png;base64,iVBORw0KGgo="'
        in frame(waiting("data:image/png;base64,iVBORw0KGgo=")).content.decode()
    )


@pytest.mark.parametrize(
    "code",
    [
        'data:image/png;base64,"><script>alert(1)</script>',
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:text/html,<script>alert(1)</script>",
        "x" * 20_000,
    ],
)
def test_what_a_gateway_may_not_say_is_not_shown(code: str) -> None:
    answer = frame(waiting(code))
    assert "cannot be shown" in text_of(answer)
    assert "script" not in answer.content.decode()


def test_markup_in_a_code_is_only_squares() -> None:
    assert "alert" not in frame(waiting("<script>alert(1)</script>")).content.decode()


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"status": "connecting", "qr_code": ""}, "Waiting for the gateway's code"),
        ({"seconds_ago": 61}, "Waiting for the gateway's code"),
        ({"status": "connected"}, "This number is connected"),
        ({"status": "logged_out"}, "Connect it again"),
    ],
)
def test_without_a_code_the_frame_says_why(facts: dict[str, Any], words: str) -> None:
    code = facts.pop("qr_code", CODE)
    assert words in text_of(frame(waiting(code, **facts)))


def test_a_number_that_is_connected_has_no_frame() -> None:
    session = SessionFactory.create()
    assert "<iframe" not in superuser().get(url(Session, "change", session.pk)).content.decode()


def test_the_code_is_for_those_who_may_connect_the_number() -> None:
    session = waiting()
    assert frame(session, staff("view_session")).status_code == 403
    assert frame(session, staff("view_session", "change_session")).status_code == 200
    assert superuser().get(url(Session, "qr", "nobody")).status_code == 404
