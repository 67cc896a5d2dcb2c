"""Paths of workshops."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from workshops import streams
from workshops.views import CommunityViewSet, TagViewSet, WorkshopViewSet

router = SimpleRouter(trailing_slash=False)
router.register("workshops", WorkshopViewSet)
router.register("communities", CommunityViewSet)
router.register("workshop-tags", TagViewSet)

urlpatterns = [*router.urls, path("workshops/<uuid:pk>/events", streams.events, name="workshop-events")]
