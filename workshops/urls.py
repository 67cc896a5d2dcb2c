"""Paths of workshops."""

from rest_framework.routers import SimpleRouter

from workshops.views import WorkshopViewSet

router = SimpleRouter(trailing_slash=False)
router.register("workshops", WorkshopViewSet)

urlpatterns = router.urls
