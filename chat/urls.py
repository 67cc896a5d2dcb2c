"""Paths of chat."""

from rest_framework.routers import SimpleRouter

from chat.views import ConversationViewSet, TokenViewSet

router = SimpleRouter(trailing_slash=False)
router.register("chat/conversations", ConversationViewSet, basename="conversation")
router.register("chat/token", TokenViewSet, basename="chat-token")

urlpatterns = router.urls
