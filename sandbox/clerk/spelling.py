"""Clerk's objects as its API and its webhooks write them."""

from collections.abc import Mapping

from sandbox.clerk.model import Membership, Organization, User
from sandbox.clerk.world import ClerkWorld
from sandbox.problems import Json

_LEGACY = {"org:admin": "admin", "org:member": "basic_member"}


def user(found: User) -> Json:
    """A user. The first e-mail in the list is an old one: the primary one is named by its id."""
    emails = [_email("idn_old", f"old.{found.email}", True), _email("idn_main", found.email, found.is_verified)]
    phones = [{"object": "phone_number", "id": "idn_phone", "phone_number": found.phone, **_verified(True)}]
    return {
        "object": "user", "id": found.id, "username": found.username, "external_id": None,
        "first_name": found.first_name, "last_name": found.last_name,
        "image_url": found.image_url, "profile_image_url": found.image_url, "has_image": bool(found.image_url),
        "primary_email_address_id": "idn_main" if found.email else None,
        "email_addresses": emails if found.email else [],
        "primary_phone_number_id": "idn_phone" if found.phone else None, "phone_numbers": phones if found.phone else [],
        "public_metadata": {}, "private_metadata": None, "unsafe_metadata": {}, "banned": False, "locked": False,
        "created_at": found.created_at, "updated_at": found.updated_at,
    }  # fmt: skip


def organization(world: ClerkWorld, found: Organization) -> Json:
    """An organization."""
    style = world.style
    return {
        "object": "organization", "id": found.id, "name": found.name,
        **({"slug": found.slug} if style["slug"] == "given" else {}),
        "image_url": found.image_url, "has_image": bool(found.image_url),
        "members_count": len(world.members.get(found.id, {})), "max_allowed_memberships": 500,
        "admin_delete_enabled": True, "public_metadata": {}, "private_metadata": {},
        **({"created_by": found.created_by} if style["created_by"] == "given" and found.created_by else {}),
        "created_at": found.created_at, "updated_at": found.updated_at,
    }  # fmt: skip


def membership(world: ClerkWorld, found: Membership) -> Json:
    """A membership with its organization embedded, and its person where the style says so."""
    person = world.users.get(found.user_id)
    is_shown = world.style["public_user_data"] == "given" and person is not None
    role = _LEGACY.get(found.role, found.role) if world.style["roles"] == "legacy" else found.role
    return {
        "object": "organization_membership", "id": found.id, "role": role, "role_name": role.split(":")[-1].title(),
        "permissions": [], "public_metadata": {}, "private_metadata": {},
        "organization": _embedded(world, found.organization_id),
        **({"public_user_data": _public(person)} if is_shown and person else {}),
        "created_at": found.created_at, "updated_at": found.updated_at,
    }  # fmt: skip


def _embedded(world: ClerkWorld, organization_id: str) -> Json:
    found = world.organizations.get(organization_id)
    return organization(world, found) if found else {"object": "organization", "id": organization_id}


def _public(found: User) -> Mapping[str, Json]:
    return {
        "user_id": found.id, "first_name": found.first_name, "last_name": found.last_name,
        "image_url": found.image_url, "profile_image_url": found.image_url, "has_image": bool(found.image_url),
        "identifier": found.email or found.phone or found.username,
    }  # fmt: skip


def _email(pk: str, address: str | None, is_verified: bool) -> Json:
    return {"object": "email_address", "id": pk, "email_address": address, "linked_to": [], **_verified(is_verified)}


def _verified(is_verified: bool) -> Json:
    return {"verification": {"status": "verified" if is_verified else "unverified", "strategy": "email_code"}}
