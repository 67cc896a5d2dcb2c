"""
Phone numbers. Ours are E.164 (`+919812345678`), parsed by libphonenumber.

WhatsApp writes a number as its digits with the country code and no plus. Mexican mobiles keep the `1` there that
E.164 dropped in 2019 (https://en.wikipedia.org/wiki/Telephone_numbers_in_Mexico), so it is taken out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

_Number = phonenumbers.PhoneNumber
#: Bare digits of this length may begin with a country code.
_LONGER_THAN_NATIONAL = 11


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
    return _parse(_international(digits), None)


def parse(text: str, *, default_country: str) -> PhoneNumber | None:
    """The number a person wrote, `default_country` (ISO 3166, `IN`) deciding where it has no country code."""
    found = _parse(text, default_country)
    return found if found and phonenumbers.is_possible_number(phonenumbers.parse(found.e164)) else None


@lru_cache(maxsize=4096)
def read(text: str, *, default_country: str, dial_code: str = "", country: str = "") -> PhoneNumber | None:
    """
    The number that a platform passed on; `None` when it is none.

    Platforms send numbers as JSON numbers, so that `+` and leading zeros are gone, and the country code stands beside
    them (`dial_code`: `+91`, `91`) or only the country does. What was told of the country code is believed as long as
    it makes a possible number; of several readings a valid one is better. A zero that is put back (Italy and the Ivory
    Coast keep it in E.164) must make a valid number.
    """
    digits, code = digits_of(text), digits_of(dial_code).lstrip("0")
    told = [_number(_international(reading), None) for reading in _told_readings(text, digits, code)]
    with_zero = _number(f"+{code}0{digits}", None) if code else None
    untold = [_number(text, region) for region in (country.upper(), default_country) if region]
    if len(digits) >= _LONGER_THAN_NATIONAL:
        untold.append(_number(_international(digits), None))
    best = _valid([*told, with_zero]) or _possible(told) or _valid(untold) or _possible(untold)
    return _spelled(best) if best else None


def digits_of(text: str) -> str:
    """The digits in `text`, in ASCII, whatever script they are written in."""
    return "".join(str(int(character)) for character in text if character.isdecimal())


def tail(text: str) -> str | None:
    """The last ten digits of `text`, by which numbers are matched weakly; `None` when there are fewer."""
    digits = digits_of(text)
    return digits[-10:] if len(digits) >= 10 else None


def _told_readings(text: str, digits: str, code: str) -> Iterator[str]:
    """The international digits that `text` may stand for, going by its own plus and by the code told beside it."""
    if text.strip().startswith("+"):
        yield digits
    if code:
        yield code + digits
        if digits.startswith(code):
            yield digits


def _valid(found: Iterable[_Number | None]) -> _Number | None:
    return next((number for number in found if number and phonenumbers.is_valid_number(number)), None)


def _possible(found: Iterable[_Number | None]) -> _Number | None:
    return next((number for number in found if number and phonenumbers.is_possible_number(number)), None)


def _international(digits: str) -> str:
    """With a plus, and without the 1 that Mexican mobiles once had."""
    return f"+52{digits[3:]}" if digits.startswith("521") and len(digits) == 13 else f"+{digits}"


def _parse(text: str, country: str | None) -> PhoneNumber | None:
    number = _number(text, country)
    return _spelled(number) if number else None


def _number(text: str, country: str | None) -> _Number | None:
    try:
        return phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None


def _spelled(number: _Number) -> PhoneNumber:
    return PhoneNumber(
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        national=phonenumbers.national_significant_number(number),
    )
