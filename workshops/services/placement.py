"""Moving registrations to the workshop that their orders mean now."""

from collections.abc import Iterable

from workshops.models import Order, ProductMapping, Registration, Workshop
from workshops.services.registrations import registrations_at, settle


def move_orders(*, mapping: ProductMapping) -> int:
    """
    Place every registration that was bought as `mapping` where it belongs now; answers how many moved.

    Somebody who is there already gets these orders in addition. Orders of something else stay where they are.
    """
    target = mapping.workshop
    bought = Registration.objects.filter(organization_id=mapping.organization_id, orders__mapping=mapping)
    moving = list(bought.exclude(workshop=target).distinct())
    mixed = _with_other_orders(moving, mapping)
    taken = _people_at(target, mapping)
    touched: dict[object, Registration] = {}
    for registration in moving:
        there = next((taken[key] for key in _keys(registration) if key in taken), None)
        if there is None and registration.pk not in mixed:
            there = _carry(registration, target, mapping)
        else:
            there = _hand_over(registration, there, target, mapping)
            if registration.pk in mixed:
                touched[registration.pk] = registration
        taken.update(dict.fromkeys(_keys(there), there))
        touched[there.pk] = there
    settle(list(touched.values()))
    return len(moving)


def _carry(registration: Registration, target: Workshop | None, mapping: ProductMapping) -> Registration:
    """The row itself; `settle` writes it."""
    registration.workshop = target
    registration.mapping = mapping
    return registration


def _hand_over(
    registration: Registration, there: Registration | None, target: Workshop | None, mapping: ProductMapping
) -> Registration:
    """Its orders go to the person's registration over there; a registration without orders goes."""
    if there is None:
        there = _copy(registration, target, mapping)
    Order.objects.filter(registration=registration, mapping=mapping).update(registration=there)
    if not Order.objects.filter(registration=registration).exists():
        registration.delete()
    return there


def _copy(registration: Registration, target: Workshop | None, mapping: ProductMapping) -> Registration:
    status = Registration.Status.REGISTERED if target else Registration.Status.HELD
    return Registration.objects.create(
        organization_id=registration.organization_id, workshop=target, mapping=mapping, status=status,
        name=registration.name, email=registration.email, phone_text=registration.phone_text,
        full_phone=registration.full_phone, phone_number=registration.phone_number,
        phone_tail=registration.phone_tail, person_key=registration.person_key,
        corrected_by=registration.corrected_by, registered_at=registration.registered_at,
    )  # fmt: skip


def _with_other_orders(registrations: Iterable[Registration], mapping: ProductMapping) -> set[object]:
    others = Order.objects.filter(registration__in=[each.pk for each in registrations])
    return set(others.exclude(mapping=mapping).values_list("registration_id", flat=True))


def _people_at(target: Workshop | None, mapping: ProductMapping) -> dict[str, Registration]:
    there = registrations_at(organization_id=mapping.organization_id, workshop=target, mapping=mapping)
    return {key: registration for registration in there for key in _keys(registration)}


def _keys(registration: Registration) -> list[str]:
    return [key for key in (registration.person_key, registration.full_phone) if key]
