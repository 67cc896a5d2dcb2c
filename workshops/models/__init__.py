"""Workshop, Tag, Community, WorkshopGroup; Registration, Order and what they are bought as."""

from workshops.models.community import Community
from workshops.models.product import Platform, ProductCode, ProductMapping
from workshops.models.registration import Order, Registration, SourceToken
from workshops.models.registration_import import ImportRow, RegistrationImport
from workshops.models.tag import Tag
from workshops.models.workshop import StepRefused, Workshop, WorkshopGroup

__all__ = [
    "Community",
    "ImportRow",
    "Order",
    "Platform",
    "ProductCode",
    "ProductMapping",
    "Registration",
    "RegistrationImport",
    "SourceToken",
    "StepRefused",
    "Tag",
    "Workshop",
    "WorkshopGroup",
]
