"""Shapes of workshops in the API."""

from workshops.serializers.communities import (
    CommunitySerializer,
    GroupLinkSerializer,
    ListedCommunitySerializer,
    NewCommunitySerializer,
    QueuedSerializer,
    RetrySerializer,
    WorkshopLinkSerializer,
)
from workshops.serializers.orders import (
    IssuedTokenSerializer,
    MappedWorkshopSerializer,
    MapSerializer,
    NewTokenSerializer,
    OrderSerializer,
    PhoneSerializer,
    ProductMappingSerializer,
    RawOrderSerializer,
    RegistrationSerializer,
    SourceTokenSerializer,
)
from workshops.serializers.participation import (
    DaySerializer,
    DaysWishSerializer,
    ParticipationSerializer,
    PeopleWishSerializer,
    PersonSerializer,
    TimelineSerializer,
)
from workshops.serializers.tags import (
    PictureField,
    PlanSerializer,
    PreviewSerializer,
    TagSerializer,
    WorkshopPlanSerializer,
)
from workshops.serializers.workshops import EventsTicketSerializer, StatusSerializer, WorkshopSerializer

__all__ = [
    "CommunitySerializer",
    "DaySerializer",
    "DaysWishSerializer",
    "EventsTicketSerializer",
    "GroupLinkSerializer",
    "IssuedTokenSerializer",
    "ListedCommunitySerializer",
    "MapSerializer",
    "MappedWorkshopSerializer",
    "NewCommunitySerializer",
    "NewTokenSerializer",
    "OrderSerializer",
    "ParticipationSerializer",
    "PeopleWishSerializer",
    "PersonSerializer",
    "PhoneSerializer",
    "PictureField",
    "PlanSerializer",
    "PreviewSerializer",
    "ProductMappingSerializer",
    "QueuedSerializer",
    "RawOrderSerializer",
    "RegistrationSerializer",
    "RetrySerializer",
    "SourceTokenSerializer",
    "StatusSerializer",
    "TagSerializer",
    "TimelineSerializer",
    "WorkshopLinkSerializer",
    "WorkshopPlanSerializer",
    "WorkshopSerializer",
]
