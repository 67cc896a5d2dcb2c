"""Paths of workshops."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from workshops import streams
from workshops.views import (
    CommunityViewSet,
    OrderViewSet,
    ParticipationView,
    ProductMappingViewSet,
    RegistrationViewSet,
    SourceTokenViewSet,
    TagViewSet,
    WorkshopViewSet,
)

router = SimpleRouter(trailing_slash=False)
router.register("workshops", WorkshopViewSet)
router.register("communities", CommunityViewSet)
router.register("workshop-tags", TagViewSet)
router.register("registrations", RegistrationViewSet)
router.register("orders", OrderViewSet)
router.register("product-mappings", ProductMappingViewSet)
router.register("source-tokens", SourceTokenViewSet)

_PEOPLE = "workshops/<uuid:workshop_id>/participation"

urlpatterns = [
    *router.urls,
    path("workshops/<uuid:pk>/events", streams.events, name="workshop-events"),
    path(_PEOPLE, ParticipationView.as_view({"get": "count"}), name="participation"),
    path(f"{_PEOPLE}/timeline", ParticipationView.as_view({"get": "days"}), name="participation-timeline"),
    path(f"{_PEOPLE}/<slug:bucket>", ParticipationView.as_view({"get": "people"}), name="participation-people"),
    path(f"{_PEOPLE}/<slug:bucket>.csv", ParticipationView.as_view({"get": "sheet"}), name="participation-sheet"),
]
