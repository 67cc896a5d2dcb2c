"""Clerk's Backend API."""

from organizations.client.backend import Backend, NotFound
from organizations.client.results import ListedMembership, ListedOrganizations, ListedUser, Page, Profile

__all__ = ["Backend", "ListedMembership", "ListedOrganizations", "ListedUser", "NotFound", "Page", "Profile"]
