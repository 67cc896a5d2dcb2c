"""Phone numbers."""

import pytest

from common import phones
from common.logs import mask_phones, mask_tokens


@pytest.mark.parametrize(
    ("digits", "e164", "national"),
    [
        ("919812345678", "+919812345678", "9812345678"),
        ("+442079460958", "+442079460958", "2079460958"),
        ("12125550123", "+12125550123", "2125550123"),
        ("5215512345678", "+525512345678", "5512345678"),
        ("390612345678", "+390612345678", "0612345678"),
    ],
)
def test_digits_of_whatsapp_become_e164(digits: str, e164: str, national: str) -> None:
    assert phones.from_whatsapp(digits) == phones.PhoneNumber(e164, national)


@pytest.mark.parametrize(
    "digits", ["", "12", "1" * 16, "98x12345678", "\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "000000000"]
)
def test_what_cannot_be_a_number_is_none(digits: str) -> None:
    assert phones.from_whatsapp(digits) is None


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("98123 45678", "IN", "+919812345678"),
        ("098123-45678", "IN", "+919812345678"),
        ("+44 20 7946 0958", "IN", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("12345", "IN", None),
        ("call me", "IN", None),
    ],
)
def test_what_a_person_wrote_is_read_in_their_country(text: str, country: str, e164: str | None) -> None:
    found = phones.parse(text, default_country=country)
    assert (found.e164 if found else None) == e164


def test_phones_are_masked_in_logs_and_jids_and_times_are_not() -> None:
    line = {"event": "+919812345678 joined 120363423158005005@g.us at 2026-02-03T17:30:00+0530", "n": 7}
    masked = mask_phones(None, "info", line)
    assert masked["event"] == "+919*******78 joined 120363423158005005@g.us at 2026-02-03T17:30:00+0530"


def test_phones_in_urls_are_masked_too() -> None:
    line = {"event": "GET /admin/whatsapp/session/?q=%2B919812345678&p=1 %2b4915112345678"}
    masked = mask_phones(None, "info", line)["event"]
    assert masked == "GET /admin/whatsapp/session/?q=%2B919*******78&p=1 %2b491********78"


def test_tokens_in_paths_of_webhooks_are_masked_in_logs() -> None:
    line = {"event": f"Service Unavailable: /webhooks/tagmango/{'aZ-_9' * 9}/order.created.completed", "n": 7}
    masked = mask_tokens(None, "error", line)
    assert masked["event"] == "Service Unavailable: /webhooks/tagmango/***/order.created.completed"


@pytest.mark.parametrize(
    ("text", "told", "e164"),
    [
        ("9812345678", {"dial_code": "+91"}, "+919812345678"),
        ("612345678", {"dial_code": "39"}, "+390612345678"),  # a zero that E.164 keeps was lost
        ("15512345678", {"dial_code": "52"}, "+525512345678"),  # the 1 of Mexican mobiles
        ("447911123456", {}, "+447911123456"),  # no number of the default country, but one of another
        ("07911 123456", {"country": "gb"}, "+447911123456"),
        ("+44 20 7946 0958", {"dial_code": "+91"}, "+442079460958"),  # what it says itself comes first
        ("1234567890", {"dial_code": "91"}, "+911234567890"),  # possible, though nobody has it
        ("12345", {"dial_code": "+91"}, None),
        ("", {"dial_code": "+91"}, None),
        ("9812345678", {"country": "Nowhere"}, "+919812345678"),
        ("1" * 500, {}, None),
    ],
)
def test_what_a_platform_passed_on_is_read_by_what_it_told_of_the_country(
    text: str, told: dict[str, str], e164: str | None
) -> None:
    found = phones.read(text, default_country="IN", **told)
    assert (found.e164 if found else None) == e164
