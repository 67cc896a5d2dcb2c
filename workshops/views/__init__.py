"""Workshops, their tags and their communities in the API."""

from workshops.views.communities import CommunityViewSet
from workshops.views.orders import OrderViewSet, ProductMappingViewSet, RegistrationViewSet
from workshops.views.participation import ParticipationView
from workshops.views.source_tokens import SourceTokenViewSet
from workshops.views.tags import TagViewSet
from workshops.views.workshops import WorkshopViewSet

__all__ = [
    "CommunityViewSet",
    "OrderViewSet",
    "ParticipationView",
    "ProductMappingViewSet",
    "RegistrationViewSet",
    "SourceTokenViewSet",
    "TagViewSet",
    "WorkshopViewSet",
]
