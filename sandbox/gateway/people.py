"""Names of things in WhatsApp: LIDs, phones, JIDs, codes. The same seed and number always give the same name."""

import random
import string
from dataclasses import dataclass

_DIGITS = string.digits
_CODE = string.ascii_letters + string.digits
_QR_SECONDS = 20


@dataclass(frozen=True)
class Country:
    """Mobile numbers of one country: its share, its code, the beginnings in use, and how many digits follow."""

    share: int
    code: str
    beginnings: tuple[str, ...]
    digits: int


COUNTRIES = (
    Country(82, "91", ("70", "81", "88", "90", "93", "94", "95", "96", "97", "98", "99"), 8),
    Country(5, "971", ("50", "52", "55"), 7),
    Country(4, "1", ("2122", "4155", "6463", "7137", "4169"), 6),
    Country(3, "44", ("74", "75", "78"), 8),
    Country(3, "65", ("81", "91", "97"), 6),
    Country(2, "49", ("151", "170", "176"), 8),
    Country(1, "61", ("41", "43"), 7),
)


class Names:
    """Draws names for one seed. `drawn` counts them, and is kept with the world."""

    def __init__(self, seed: int, drawn: int = 0) -> None:
        self.seed = seed
        self.drawn = drawn

    def lid(self) -> str:
        """Such as `173087265951971@lid`."""
        return f"173{_some(self._next('lid'), _DIGITS, 12)}@lid"

    def phone(self, code: str | None = None) -> str:
        """Digits of a mobile number, of the country with this calling code if it is given."""
        chance = self._next("phone")
        shares = [country.share if code in (None, country.code) else 0 for country in COUNTRIES]
        country = chance.choices(COUNTRIES, shares)[0]
        return f"{country.code}{chance.choice(country.beginnings)}{_some(chance, _DIGITS, country.digits)}"

    def group_jid(self) -> str:
        """Such as `120363423158005005@g.us`."""
        return f"1203634{_some(self._next('group'), _DIGITS, 11)}@g.us"

    def invite_code(self) -> str:
        """The 22 characters after https://chat.whatsapp.com/."""
        return _some(self._next("invite"), _CODE, 22)

    def message_id(self) -> str:
        """Such as `3EB0C431C26A1916E07A`."""
        return f"3EB0{_some(self._next('message'), 'ABCDEF0123456789', 16)}"

    def happens(self, share: float) -> bool:
        """True in `share` of the cases."""
        return self._next("chance").random() < share

    def _next(self, what: str) -> random.Random:
        self.drawn += 1
        return random.Random(f"{self.seed}:{self.drawn}:{what}")


def qr_code(session_id: str, seconds: float) -> str:
    """The text of a session's QR code, `seconds` after it began to wait; a new one every 20 seconds."""
    chance = random.Random(f"{session_id}:{int(seconds / _QR_SECONDS)}")
    return f"2@{_some(chance, _CODE, 88)},{_some(chance, _CODE, 43)}=,{_some(chance, _CODE, 43)}="


def _some(chance: random.Random, alphabet: str, length: int) -> str:
    return "".join(chance.choices(alphabet, k=length))
