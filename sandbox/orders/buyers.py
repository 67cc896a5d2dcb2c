"""People who buy. The same seed and number always give the same person."""

import random
from dataclasses import dataclass

from sandbox.gateway.people import COUNTRIES, Names

_FIRST = ("Asha", "Ravi", "Meera", "Arjun", "Zoë", "Fatima", "Liam", "Priya", "Karan", "Anaïs", "Dev", "Sunita", "Omar")
_LAST = ("Rao", "Sharma", "O'Neil", "Nair", "Müller", "Khan", "Iyer", "D'Souza", "Patel", "Fernández", "Das", "Bose")
_REGIONS = {"91": "IN", "971": "AE", "1": "US", "44": "GB", "65": "SG", "49": "DE", "61": "AU"}
_FAMILIES = 10


@dataclass(frozen=True)
class Buyer:
    """`code` and `national` are digits; every tenth person shares an e-mail with the one before."""

    name: str
    email: str
    code: str
    national: str

    @property
    def phone(self) -> str:
        """E.164."""
        return f"+{self.code}{self.national}"

    @property
    def region(self) -> str:
        """ISO 3166."""
        return _REGIONS[self.code]


def buyer(seed: int, number: int) -> Buyer:
    """The person with this number."""
    chance = random.Random(f"{seed}:{number}:buyer")
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    digits = Names(seed, number * 100).phone()
    code = next(country.code for country in COUNTRIES if digits.startswith(country.code))
    family = number - 1 if number % _FAMILIES == _FAMILIES - 1 else number
    return Buyer(f"{first} {last}", f"buyer{seed}.{family}@example.com", code, digits[len(code) :])
