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
from workshops.serializers.workshops import (
    EventsTicketSerializer,
    StatusSerializer,
    WorkshopSerializer,
)

__all__ = [
    "CommunitySerializer",
    "DaySerializer",
    "DaysWishSerializer",
    "EventsTicketSerializer",
    "GroupLinkSerializer",
    "ListedCommunitySerializer",
    "NewCommunitySerializer",
    "ParticipationSerializer",
    "PeopleWishSerializer",
    "PersonSerializer",
    "PictureField",
    "PlanSerializer",
    "PreviewSerializer",
    "QueuedSerializer",
    "RetrySerializer",
    "StatusSerializer",
    "TagSerializer",
    "TimelineSerializer",
    "WorkshopLinkSerializer",
    "WorkshopPlanSerializer",
    "WorkshopSerializer",
]
