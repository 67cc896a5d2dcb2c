"""Who an order is about, and their registration."""

import hashlib
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from common import phones
from common.errors import DomainError
from organizations.models import Organization
from workshops.models import Registration
from workshops.models.community import fold
from workshops.services.locks import lock_orders_of


class PhoneUnreadable(DomainError):
    """No phone number can be made of it."""

    code = "phone_unreadable"
    status = 400
    message = "This is no phone number. Write it with its country code, as in +91 98123 45678."


class PhoneTaken(DomainError):
    """Somebody is registered for the same workshop under that number."""

    code = "phone_taken"
    status = 409


@dataclass(frozen=True, slots=True)
class Person:
    """
    A person as a platform describes them, and what their phone was read as.

    `key` is the same for whoever is the same person: by phone, and where there is none by all that was written.
    """

    name: str
    email: str
    phone_text: str
    full_phone: str | None
    phone_number: str | None

    @property
    def phone_tail(self) -> str | None:
        """The last ten digits."""
        return phones.tail(self.full_phone or self.phone_text)

    @property
    def key(self) -> str:
        """Unique among the registrations of a workshop."""
        if self.full_phone:
            return self.full_phone
        written = "\n".join((fold(self.phone_text), self.email, fold(self.name)))
        return "text:" + hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def read_person(
    *, organization: Organization, name: str, email: str, phone_text: str, dial_code: str = "", country: str = ""
) -> Person:
    """The person, their phone read in what was told of its country, else in the organization's."""
    number = phones.read(phone_text, default_country=organization.default_country, dial_code=dial_code, country=country)
    return Person(
        name=" ".join(name.split()), email=email.strip().lower(), phone_text=phone_text.strip(),
        full_phone=number.e164 if number else None, phone_number=number.national if number else None,
    )  # fmt: skip


def find_registration(*, among: QuerySet[Registration], person: Person) -> Registration | None:
    """The person's registration: the one they were told as, or the one whose phone was corrected to theirs."""
    is_them = Q(person_key=person.key)
    if person.full_phone:
        is_them |= Q(full_phone=person.full_phone)
    return among.filter(is_them).first()


def find_loosely(*, among: QuerySet[Registration], person: Person) -> Registration | None:
    """The same for news whose phone comes without its country: then e-mail and last digits must fit."""
    digits = phones.digits_of(person.phone_text)[-7:]
    if not person.email or not digits:
        return None
    same = among.filter(email=person.email, full_phone__endswith=digits).order_by("-registered_at")
    return same.first()


@transaction.atomic
def correct_phone(*, registration: Registration, phone_text: str, corrected_by: str) -> Registration:
    """
    The person's number as somebody knows it; from now on no order changes it.

    :raises PhoneUnreadable: it is none
    :raises PhoneTaken: another person of the workshop has it
    """
    number = phones.read(phone_text, default_country=registration.organization.default_country)
    if number is None:
        raise PhoneUnreadable
    lock_orders_of(registration.organization_id)
    registration.refresh_from_db(fields=["workshop"])  # whoever had the lock may have moved it
    others = Registration.objects.filter(organization=registration.organization, workshop=registration.workshop_id)
    taken = others.exclude(pk=registration.pk).filter(full_phone=number.e164).first()
    if registration.workshop_id and taken:
        raise PhoneTaken(f"{taken} is registered for this workshop under {number.e164}.")
    registration.phone_text, registration.corrected_by = phone_text.strip(), corrected_by
    registration.full_phone, registration.phone_number = number.e164, number.national
    registration.phone_tail = phones.tail(number.e164)
    registration.save(
        update_fields=["phone_text", "full_phone", "phone_number", "phone_tail", "corrected_by", "updated_at"]
    )
    return registration
