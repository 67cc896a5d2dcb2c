"""What platforms sell → workshops: asked by product id, then by name; made, held, or mapped by a person."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common.errors import DomainError
from organizations.models import Organization
from workshops.models import ProductCode, ProductMapping, Workshop
from workshops.models.community import fold
from workshops.services import names
from workshops.services.locks import lock_orders_of
from workshops.services.names import Name
from workshops.services.placement import move_orders
from workshops.services.workshops import create_workshop

Hold = ProductMapping.Hold
#: An order that comes this long after a workshop that is known by its name is a late one, not one of next year's.
LATE = timedelta(days=60)
_CREATED_BY = "orders"


class NoDateInName(DomainError):
    """A workshop cannot be made of a name alone."""

    code = "no_date_in_name"
    status = 400
    message = "The name carries no date: say when the workshop starts."


class ProductMapped(DomainError):
    """Somebody has said which workshop it is."""

    code = "product_mapped"
    status = 409
    message = "This has its workshop already. To change it, choose another workshop for it."


def find_mapping(
    *, organization: Organization, platform: str, product_id: str, name: str, ordered_at: datetime, is_paid: bool
) -> ProductMapping:
    """
    What was bought: by the platform's product id, else by its name; remembered if it is new.

    Only something that was paid for makes a workshop of a new name.
    """
    mapping = _by_code(organization, platform, product_id) or _by_name(
        organization, platform=platform, product_id=product_id, name=name, ordered_at=ordered_at
    )
    if mapping.workshop_id is None and mapping.hold_reason in ("", Hold.NOT_SOLD):
        _judge(mapping, organization, ordered_at=ordered_at, is_paid=is_paid)
    return mapping


@transaction.atomic
def map_product(*, mapping: ProductMapping, workshop: Workshop | None, mapped_by: str) -> ProductMapping:
    """
    From now on this is that workshop: what was held for it is placed, what was placed otherwise moves.

    Without a workshop its registrations are held again.
    """
    lock_orders_of(mapping.organization_id)
    mapping = ProductMapping.objects.get(pk=mapping.pk)
    _decide(mapping, workshop, by=mapped_by, reason="" if workshop else Hold.UNMAPPED)
    move_orders(mapping=mapping)
    return mapping


@transaction.atomic
def create_mapped_workshop(
    *, mapping: ProductMapping, mapped_by: str, title: str = "", starts_at: datetime | None = None
) -> ProductMapping:
    """
    The workshop that the name says, and everything held placed in it.

    :raises NoDateInName: neither the name nor the caller says when
    :raises ProductMapped: it has a workshop, perhaps since a moment ago
    """
    lock_orders_of(mapping.organization_id)
    mapping = ProductMapping.objects.select_related("organization").get(pk=mapping.pk)
    if mapping.workshop_id:
        raise ProductMapped
    workshop = _make_workshop(mapping, title=title, starts_at=starts_at, by=mapped_by)
    return map_product(mapping=mapping, workshop=workshop, mapped_by=mapped_by)


def _by_code(organization: Organization, platform: str, product_id: str) -> ProductMapping | None:
    if not product_id:
        return None
    codes = ProductCode.objects.filter(organization=organization, platform=platform, external_id=product_id)
    code = codes.select_related("mapping__workshop").first()
    return code.mapping if code else None


def _by_name(
    organization: Organization, *, platform: str, product_id: str, name: str, ordered_at: datetime
) -> ProductMapping:
    ordered_on = ordered_at.astimezone(organization.zone).date()
    told = names.read_name(name or (f"{platform} {product_id}" if product_id else ""), ordered_on=ordered_on)
    mapping = _known(organization, told, ordered_at)
    if mapping is None:
        mapping = ProductMapping.objects.create(
            organization=organization, title=told.folded, on_date=told.on_date, name=(name or told.title),
            hold_reason="" if name else Hold.NO_NAME,
        )  # fmt: skip
    if product_id:
        ProductCode.objects.create(
            organization=organization, platform=platform, external_id=product_id, mapping=mapping
        )
    return mapping


def _known(organization: Organization, told: Name, ordered_at: datetime) -> ProductMapping | None:
    """The name's own row, or that of a workshop of the same name that was recently: then the order is late."""
    named = ProductMapping.objects.filter(organization=organization, title=told.folded).select_related("workshop")
    if exact := named.filter(on_date=told.on_date).first():
        return exact
    if told.on_date is None:
        return None
    ordered_on = ordered_at.astimezone(organization.zone).date()
    passed = named.filter(on_date__lt=ordered_on, on_date__gte=ordered_on - LATE)
    late = passed.filter(on_date__month=told.on_date.month, on_date__day=told.on_date.day)
    return late.order_by("-on_date").first()


def _judge(mapping: ProductMapping, organization: Organization, *, ordered_at: datetime, is_paid: bool) -> None:
    """Find the workshop that a new name means, make it, or say why a person has to."""
    if workshop := _of_that_name(mapping, organization, ordered_at):
        _decide(mapping, workshop, by=_CREATED_BY)
    elif reason := _reason_to_hold(mapping, organization, is_paid):
        _decide(mapping, None, by="", reason=reason)
        return
    else:
        mapping.workshop_made_at = timezone.now()
        _decide(mapping, _make_workshop(mapping, by=_CREATED_BY), by=_CREATED_BY)
    move_orders(mapping=mapping)


def _reason_to_hold(mapping: ProductMapping, organization: Organization, is_paid: bool) -> str:
    if not is_paid:
        return Hold.NOT_SOLD
    if organization.unknown_workshops == Organization.UnknownWorkshops.HOLD:
        return Hold.CHOSEN
    if mapping.on_date is None:
        return Hold.NO_DATE
    since = timezone.now() - timedelta(hours=1)
    made = ProductMapping.objects.filter(organization=organization, workshop_made_at__gt=since).count()
    return Hold.CAP if made >= settings.WORKSHOPS_FROM_ORDERS_PER_HOUR else ""


def _of_that_name(mapping: ProductMapping, organization: Organization, ordered_at: datetime) -> Workshop | None:
    """A workshop that somebody made by hand under this name: on its date, or where it has none the next one."""
    workshops = Workshop.objects.unarchived().filter(organization=organization).order_by("starts_at")
    workshops = workshops.exclude(status=Workshop.Status.CANCELLED)
    if mapping.on_date is not None:
        noon = names.starts_at(mapping.on_date, organization)
        workshops = workshops.filter(starts_at__range=(noon - timedelta(days=1), noon + timedelta(days=1)))
    same = [workshop for workshop in workshops if fold(workshop.title) == mapping.title]
    if mapping.on_date is not None:
        zone = organization.zone
        return next((each for each in same if each.starts_at.astimezone(zone).date() == mapping.on_date), None)
    coming = [workshop for workshop in same if workshop.starts_at >= ordered_at]
    return next(iter(coming or same[-1:]), None)


def _make_workshop(mapping: ProductMapping, *, by: str, title: str = "", starts_at: datetime | None = None) -> Workshop:
    if starts_at is None and mapping.on_date is not None:
        starts_at = names.starts_at(mapping.on_date, mapping.organization)
    if starts_at is None:
        raise NoDateInName
    return create_workshop(
        organization_id=mapping.organization_id, title=title or _title(mapping), starts_at=starts_at, created_by=by
    )


def _title(mapping: ProductMapping) -> str:
    """As it was spelled first, without its date."""
    if mapping.on_date is None:
        return mapping.name[:255]
    return names.read_name(mapping.name, ordered_on=mapping.on_date).title


def _decide(mapping: ProductMapping, workshop: Workshop | None, *, by: str, reason: str = "") -> None:
    mapping.workshop = workshop
    mapping.hold_reason = reason
    mapping.mapped_by = by
    mapping.mapped_at = timezone.now() if workshop else None
    mapping.save(update_fields=["workshop", "hold_reason", "mapped_by", "mapped_at", "workshop_made_at"])
