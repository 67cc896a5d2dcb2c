"""Paths of organizations."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from organizations.views import OrganizationViewSet, SyncStatusView, SyncView

router = SimpleRouter(trailing_slash=False)
router.register("organizations", OrganizationViewSet, basename="organization")

urlpatterns = [
    # Before the router's, which would take these words for ids.
    path("organizations/sync", SyncView.as_view(), name="organizations-sync"),
    path("organizations/sync-status", SyncStatusView.as_view(), name="organizations-sync-status"),
    *router.urls,
]
