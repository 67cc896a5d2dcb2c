"""All paths. None ends in a slash, but for the admin's own."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from common.health import health
from workshops.admin import waiting

handler400 = "common.responses.bad_request"
handler404 = "common.responses.not_found"
handler500 = "common.responses.server_error"

urlpatterns = [
    path("", RedirectView.as_view(url="/api/docs")),
    path("health", health),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/waiting", admin.site.admin_view(waiting.page), name="waiting"),
    path("admin/", admin.site.urls),
    path("webhooks/", include("webhooks.urls")),
    path("api/", include("accounts.urls")),
    path("api/", include("organizations.urls")),
    path("api/", include("whatsapp.urls")),
    path("api/", include("workshops.urls")),
    path("api/", include("chat.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]
