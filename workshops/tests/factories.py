"""Workshops, communities and their groups for tests."""

# factory_boy's declarations are untyped:
# mypy: disable-error-code="no-untyped-call"

import hashlib
from datetime import timedelta
from typing import Any, TypeVar

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory

from organizations.tests.factories import OrganizationFactory, TenantFactory
from whatsapp.tests.factories import GroupFactory
from workshops.models import (
    Community,
    ImportRow,
    Order,
    ProductCode,
    ProductMapping,
    Registration,
    RegistrationImport,
    SourceToken,
    Tag,
    Workshop,
    WorkshopGroup,
)
from workshops.models.community import fold

LINK = "https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv"


_Row = TypeVar("_Row")


class _OwnedFactory(TenantFactory[_Row]):
    """A row of a new organization; `organization=` says otherwise."""

    class Meta:
        abstract = True

    organization = SubFactory(OrganizationFactory)


def _of_same(factory: type[TenantFactory[Any]]) -> Any:
    """A row of the same organization."""
    return SubFactory(factory, organization=SelfAttribute("..organization"))


class TagFactory(_OwnedFactory[Tag]):
    """A kind of workshops, which goes by the organization's templates."""

    class Meta:
        model = Tag

    name = Sequence(lambda number: f"Tag {number}")


class WorkshopFactory(_OwnedFactory[Workshop]):
    """A workshop next week. Creating it queues its community, as everywhere."""

    _follows = ("community_group",)

    class Meta:
        model = Workshop

    title = Sequence(lambda number: f"Workshop {number}")
    starts_at = LazyFunction(lambda: timezone.now() + timedelta(days=7))
    ends_at = LazyAttribute(lambda workshop: workshop.starts_at + timedelta(hours=2))
    created_by = "test"


class WorkshopGroupFactory(_OwnedFactory[WorkshopGroup]):
    """A group linked to a workshop."""

    _follows = ("workshop", "group")

    class Meta:
        model = WorkshopGroup

    workshop = _of_same(WorkshopFactory)
    group = _of_same(GroupFactory)


def workshop_of(community: Community) -> Workshop:
    """The workshop of a community that is one's."""
    assert community.workshop is not None
    return community.workshop


class CommunityFactory(_OwnedFactory[Community]):
    """
    The community that the workshop's signal queued, with the given values.

    `status="ready"` makes all that belongs to it: parent and announcement group, linked to the workshop.
    """

    _follows = ("workshop",)

    class Meta:
        model = Community

    workshop = _of_same(WorkshopFactory)

    @classmethod
    def _create(cls, model_class: type[Community], *_: Any, workshop: Workshop, **values: Any) -> Community:
        community = model_class.objects.get(workshop=workshop)
        if values.get("status") == Community.Status.READY and "parent_group" not in values:
            values = {**_made(workshop), **values}
        for name, value in values.items():
            setattr(community, name, value)
        community.workshop = workshop
        community.save()
        return community


class StandaloneFactory(_OwnedFactory[Community]):
    """A community of no workshop, queued; `status="ready"` makes its groups, too."""

    class Meta:
        model = Community

    wished_name = Sequence(lambda number: f"Alumni {number}")
    wished_key = LazyAttribute(lambda community: fold(community.wished_name))
    created_by = "test"

    @classmethod
    def _create(cls, model_class: type[Community], *_: Any, **values: Any) -> Community:
        if values.get("status") == Community.Status.READY and "parent_group" not in values:
            organization, name = values["organization"], values["wished_name"]
            group = GroupFactory.create(
                organization=organization, announcement=True, name=name, parent__invite_link=LINK
            )
            values = {"parent_group": group.parent, "session": group.session, "ready_at": timezone.now(), **values}
        community: Community = super()._create(model_class, **values)
        return community


def _made(workshop: Workshop) -> dict[str, Any]:
    """What a ready community has: its groups, linked, and the rest of its row."""
    group = GroupFactory.create(
        organization=workshop.organization, announcement=True, name=workshop.title, parent__invite_link=LINK
    )
    for each in (group.parent, group):
        WorkshopGroupFactory.create(workshop=workshop, group=each)
    workshop.community_group = group
    workshop.save(update_fields=["community_group", "updated_at"])
    return {
        "name": workshop.title,
        "session": group.session,
        "parent_group": group.parent,
        "run_after": None,
        "requested_at": timezone.now(),
        "ready_at": timezone.now(),
    }


class ProductMappingFactory(_OwnedFactory[ProductMapping]):
    """A name that is sold, and its workshop; `workshop=None`: it needs mapping."""

    _follows = ("workshop",)

    class Meta:
        model = ProductMapping

    workshop = _of_same(WorkshopFactory)
    name = Sequence(lambda number: f"Product {number}")
    title = LazyAttribute(lambda mapping: mapping.name.casefold())


class ProductCodeFactory(_OwnedFactory[ProductCode]):
    """A mango id."""

    _follows = ("mapping",)

    class Meta:
        model = ProductCode

    mapping = _of_same(ProductMappingFactory)
    platform = "tagmango"
    external_id = Sequence(lambda number: f"mango{number}")


class RegistrationFactory(_OwnedFactory[Registration]):
    """A person who signed up for a workshop; another phone each time."""

    _follows = ("workshop",)

    class Meta:
        model = Registration

    workshop = _of_same(WorkshopFactory)
    name = Sequence(lambda number: f"Person {number}")
    email = Sequence(lambda number: f"person{number}@example.com")
    full_phone = Sequence(lambda number: f"+9198{number:08d}")
    phone_text = SelfAttribute("full_phone")
    phone_number = LazyAttribute(lambda person: person.full_phone and person.full_phone[3:])
    phone_tail = LazyAttribute(lambda person: person.full_phone and person.full_phone[-10:])
    person_key = LazyAttribute(lambda person: person.full_phone or f"text:{person.name}")
    registered_at = LazyFunction(timezone.now)


class OrderFactory(_OwnedFactory[Order]):
    """A paid order."""

    _follows = ("registration",)

    class Meta:
        model = Order

    registration = _of_same(RegistrationFactory)
    platform = "tagmango"
    external_id = Sequence(lambda number: f"order{number}")
    status = Order.Status.COMPLETED
    event = "order.created.completed"
    occurred_at = LazyFunction(timezone.now)


class SourceTokenFactory(_OwnedFactory[SourceToken]):
    """The token of a URL; `token="…"` says which."""

    class Meta:
        model = SourceToken

    class Params:
        token = Sequence(lambda number: f"token{number}")

    platform = "tagmango"
    token_hash = LazyAttribute(lambda row: hashlib.sha256(row.token.encode()).hexdigest())
    hint = LazyAttribute(lambda row: row.token[:4])


class RegistrationImportFactory(_OwnedFactory[RegistrationImport]):
    """An uploaded file of one row, not started."""

    _follows = ("workshop",)

    class Meta:
        model = RegistrationImport

    workshop = _of_same(WorkshopFactory)
    file_name = Sequence(lambda number: f"people{number}.csv")
    content = b"name,phone\nAsha,9812345678\n"
    columns = LazyFunction(lambda: {"name": 0, "phone": 1})
    total = 1
    requested_by = "test"


class ImportRowFactory(_OwnedFactory[ImportRow]):
    """A row that was imported."""

    _follows = ("registration_import",)

    class Meta:
        model = ImportRow

    registration_import = _of_same(RegistrationImportFactory)
    number = Sequence(lambda number: number + 2)
    outcome = "registered"
    person = "Asha"
