"""Where deliveries come in."""

from django.urls import path

from webhooks import views

urlpatterns = [
    path("<str:source>", views.receive, name="webhook"),
    path("<str:source>/<path:path>", views.receive),
]
