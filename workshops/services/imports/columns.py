"""Which column holds what, and what one row says."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from django.utils.dateparse import parse_date, parse_datetime

#: Field → headers by which it is known, in lower case without anything but letters and digits.
FIELDS: dict[str, tuple[str, ...]] = {
    "name": ("name", "fullname", "customername", "studentname", "firstname", "attendee", "participant", "buyername"),
    "email": ("email", "emailaddress", "mail", "emailid", "customeremail"),
    "phone": (
        "phone", "phonenumber", "mobile", "mobilenumber", "whatsapp", "whatsappnumber", "contact", "contactnumber",
        "tel", "telephone", "customerphone", "phoneno", "mobileno",
    ),
    "country_code": ("countrycode", "dialcode", "isdcode", "callingcode"),
    "workshop_name": ("workshopname", "workshop", "mangoname", "product", "productname", "course", "event"),
    "order_id": ("orderid", "ordernumber", "transactionid", "paymentid"),
    "amount": ("amount", "amountpaid", "price", "total", "amountpayable"),
    "registered_at": ("registeredat", "ordertime", "date", "orderdate", "purchasedate", "createdat", "timestamp"),
}  # fmt: skip
_PLAIN = re.compile(r"[^a-z0-9]+")
_DAYS = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%d/%m/%Y %H:%M", "%d-%m-%Y %H:%M")
_LONGEST_PHONE = 40
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says of one person; `problem`: why it cannot be imported, empty: it can."""

    number: int
    values: dict[str, str]
    amount: Decimal | None = None
    registered_at: datetime | None = None
    problem: str = ""

    @property
    def person(self) -> str:
        """Whom the report names."""
        return self.values.get("name") or self.values.get("email") or self.values.get("phone", "")


def guess_columns(headers: Iterable[str]) -> dict[str, int]:
    """Field → column, by the headers; of several that fit a field its likeliest name, then the first one."""
    plain = [_PLAIN.sub("", header.lower()) for header in headers]
    found = {}
    for field, names in FIELDS.items():
        if known := [plain.index(name) for name in names if name in plain]:
            found[field] = known[0]
    return found


def read_row(
    number: int, cells: list[str], *, columns: Mapping[str, int], zone: tzinfo, has_workshop: bool, now: datetime
) -> Row:
    """The row's fields, and why it has to be refused; a date that is none is left out, a phone that is none is kept."""
    values = {field: cells[column] if column < len(cells) else "" for field, column in columns.items()}
    return Row(
        number=number,
        values=values,
        amount=_amount(values.get("amount", "")),
        registered_at=_moment(values.get("registered_at", ""), zone, now),
        problem=_problem(values, has_workshop),
    )


def _problem(values: Mapping[str, str], has_workshop: bool) -> str:
    if not (values.get("phone") or values.get("email")):
        return "Neither a phone nor an e-mail."
    if len(values.get("phone", "")) > _LONGEST_PHONE:
        return f"The phone has more than {_LONGEST_PHONE} characters."
    if values.get("email") and "@" not in values["email"]:
        return "The e-mail has no @."
    if not has_workshop and not values.get("workshop_name"):
        return "It names no workshop, and none was chosen for the file."
    return ""


def _amount(text: str) -> Decimal | None:
    try:
        found = Decimal(re.sub(r"[^0-9.\-]", "", text.replace(",", "")))
    except InvalidOperation:
        return None
    return found.quantize(Decimal("0.01")) if 0 <= found < 10**11 else None


def _moment(text: str, zone: tzinfo, now: datetime) -> datetime | None:
    """A time in ISO 8601 or written day first; without an offset it is meant in `zone`."""
    found = _iso(text)
    for written in _DAYS if found is None else ():
        try:
            found = datetime.strptime(text, written)  # noqa: DTZ007  (its zone follows)
        except ValueError:
            continue
        break
    if found is None:
        return None
    try:
        aware = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return aware if _FIRST <= aware <= now else None


def _iso(text: str) -> datetime | None:
    try:
        if found := parse_datetime(text):
            return found
        day = parse_date(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day) if day else None  # noqa: DTZ001  (its zone follows)
