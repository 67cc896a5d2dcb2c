"""Paths of WhatsApp."""

from rest_framework.routers import SimpleRouter

from whatsapp.views import GroupViewSet, SessionViewSet, SyncRunViewSet

router = SimpleRouter(trailing_slash=False)
router.register("sessions", SessionViewSet)
router.register("groups", GroupViewSet)
router.register("sync-runs", SyncRunViewSet)

urlpatterns = router.urls
