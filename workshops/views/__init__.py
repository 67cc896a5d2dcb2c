"""Workshops, their tags and their communities in the API."""

from workshops.views.communities import CommunityViewSet
from workshops.views.participation import ParticipationView
from workshops.views.tags import TagViewSet
from workshops.views.workshops import WorkshopViewSet

__all__ = ["CommunityViewSet", "ParticipationView", "TagViewSet", "WorkshopViewSet"]
