"""
Phone numbers. Ours are E.164 (`+919812345678`), parsed by libphonenumber.

WhatsApp writes a number as its digits with the country code and no plus. Mexican mobiles keep the `1` there that
E.164 dropped in 2019 (https://en.wikipedia.org/wiki/Telephone_numbers_in_Mexico), so it is taken out.
"""

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """`e164` with its plus; `national` is the national significant number, digits only."""

    e164: str
    national: str


@lru_cache(maxsize=4096)
def from_whatsapp(text: str) -> PhoneNumber | None:
    """The number behind a gateway's digits, with or without a plus; `None` when it cannot be a phone number."""
    digits = text.strip().removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or not 7 <= len(digits) <= 15:
        return None
    if digits.startswith("521") and len(digits) == 13:
        digits = "52" + digits[3:]
    return _parse("+" + digits, None)


def parse(text: str, *, default_country: str) -> PhoneNumber | None:
    """The number a person wrote, `default_country` (ISO 3166, `IN`) deciding where it has no country code."""
    found = _parse(text, default_country)
    return found if found and phonenumbers.is_possible_number(phonenumbers.parse(found.e164)) else None


def _parse(text: str, country: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    return PhoneNumber(
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        national=phonenumbers.national_significant_number(number),
    )
