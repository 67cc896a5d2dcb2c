"""Paths of people."""

from django.urls import path

from accounts.views import MeView, SyncView

urlpatterns = [
    path("accounts/sync", SyncView.as_view(), name="account-sync"),
    path("accounts/me", MeView.as_view(), name="account-me"),
]
