"""Control of the identity provider: users, organizations, members, its limits and variants, its webhooks."""

from dataclasses import asdict
from functools import wraps

from sandbox import styles
from sandbox.clerk import control_tokens
from sandbox.clerk.model import Membership, Organization, User
from sandbox.clerk.variants import DEFAULT_STYLE, VARIANTS
from sandbox.clerk.world import ClerkWorld
from sandbox.control import Handler, Route
from sandbox.fields import Fields
from sandbox.lab import Lab
from sandbox.problems import Json
from sandbox.webhooks import control as webhooks

_MOST = 1_000_000
_HOUR = 3_600_000


def read_clerk(lab: Lab, fields: Fields) -> Json:
    """Everything there is."""
    return {
        "users": [asdict(user) for user in lab.clerk.users.values()],
        "organizations": [asdict(organization) for organization in lab.clerk.organizations.values()],
        "memberships": [asdict(membership) for membership in lab.clerk.memberships.values()],
    }


def add_user(lab: Lab, fields: Fields) -> Json:
    """A user signs up."""
    world, now = lab.clerk, lab.clerk.now()
    pk = fields.text_or_none("id") or world.new_id("user")
    user = User(
        id=pk, email=fields.text_or_none("email"), is_verified=fields.flag("is_verified", default=True),
        first_name=fields.text_or_none("first_name") or "Some", last_name=fields.text_or_none("last_name") or "Body",
        username=fields.text_or_none("username"), phone=fields.text_or_none("phone"),
        image_url=f"https://img.example/{pk}", created_at=now, updated_at=now,
    )  # fmt: skip
    fields.done()
    world.add_user(user)
    return asdict(user)


def change_user(lab: Lab, fields: Fields, user_id: str) -> Json:
    """Describe them anew; what is not named stays."""
    names = ("email", "first_name", "last_name", "username", "phone", "image_url")
    changes: dict[str, Json] = {name: fields.text_or_none(name) for name in names if fields.holds(name)}
    if fields.holds("is_verified"):
        changes["is_verified"] = fields.flag("is_verified")
    fields.done()
    return asdict(lab.clerk.change(lab.clerk.user(user_id), **changes))


def delete_user(lab: Lab, fields: Fields, user_id: str) -> Json:
    """With all their memberships."""
    lab.clerk.delete_user(user_id)
    return {"deleted": user_id}


def add_organization(lab: Lab, fields: Fields) -> Json:
    """Its creator, if one is named, becomes its admin."""
    world, now = lab.clerk, lab.clerk.now()
    pk = fields.text_or_none("id") or world.new_id("org")
    organization = Organization(
        id=pk, name=fields.text("name"), slug=fields.text_or_none("slug"), image_url=f"https://img.example/{pk}",
        created_by=fields.text_or_none("created_by"), created_at=now, updated_at=now,
    )  # fmt: skip
    fields.done()
    world.add_organization(organization)
    return asdict(organization)


def change_organization(lab: Lab, fields: Fields, organization_id: str) -> Json:
    """Rename it and its like; what is not named stays."""
    names = ("name", "slug", "image_url")
    changes: dict[str, Json] = {name: fields.text_or_none(name) for name in names if fields.holds(name)}
    fields.done()
    return asdict(lab.clerk.change(lab.clerk.organization(organization_id), **changes))


def delete_organization(lab: Lab, fields: Fields, organization_id: str) -> Json:
    """With all its memberships."""
    lab.clerk.delete_organization(organization_id)
    return {"deleted": organization_id}


def add_member(lab: Lab, fields: Fields, organization_id: str) -> Json:
    """Somebody enters, or comes back."""
    user_id, role = fields.text("user_id"), fields.text_or_none("role") or "org:member"
    fields.done()
    return asdict(lab.clerk.add_member(organization_id, user_id, role))


def change_member(lab: Lab, fields: Fields, organization_id: str, user_id: str) -> Json:
    """Another role."""
    role = fields.text("role")
    fields.done()
    return asdict(lab.clerk.change(lab.clerk.membership(organization_id, user_id), role=role))


def remove_member(lab: Lab, fields: Fields, organization_id: str, user_id: str) -> Json:
    """Somebody leaves."""
    lab.clerk.remove_member(organization_id, user_id)
    return {"deleted": user_id}


def fill(lab: Lab, fields: Fields) -> Json:
    """Many at once, of an hour ago, of whom nothing is told: each organization has as many members, taken in turn."""
    world, began = lab.clerk, lab.clerk.now() - _HOUR
    users, organizations = fields.count("users", 1, _MOST), fields.count("organizations", 0, _MOST)
    members = fields.count("members", 0, users)
    fields.done()
    for number in range(users):
        pk = f"user_{number:06}"
        email = f"{pk}@example.com"
        world.users[pk] = User(pk, email, True, "User", str(number), None, None, "", began + number, began + number)
    for number in range(organizations):
        _fill_one(world, f"org_{number:06}", began + number, users=users, first=number * members, members=members)
    return {"users": len(world.users), "organizations": len(world.organizations), "memberships": len(world.memberships)}


def _fill_one(world: ClerkWorld, pk: str, at: int, *, users: int, first: int, members: int) -> None:
    ids = [f"user_{(first + place) % users:06}" for place in range(members)]
    world.organizations[pk] = Organization(pk, f"Organization {pk}", None, "", ids[0] if ids else None, at, at)
    for place, user_id in enumerate(ids):
        role = "org:member" if place else "org:admin"
        world.keep(Membership(f"orgmem_{pk}_{place}", pk, user_id, role, at, at))


def read_limits(lab: Lab, fields: Fields) -> Json:
    """How many requests in how many seconds, and how many were refused."""
    limits = lab.clerk.limits
    return {"requests": limits.requests, "seconds": limits.seconds, "refused": limits.refused}


def change_limits(lab: Lab, fields: Fields) -> Json:
    """Others; what is not named stays."""
    requests, seconds = fields.count_or_none("requests", 1), fields.number_or_none("seconds", 0.01)
    fields.done()
    limits = lab.clerk.limits
    limits.requests, limits.seconds = requests or limits.requests, seconds or limits.seconds
    return read_limits(lab, fields)


def _of_clerk(handler: Handler, *, is_webhook: bool = False) -> Handler:
    """Under a name of its own; a call about webhooks for Clerk's outbox instead of the gateway's."""

    @wraps(handler)
    def call(lab: Lab, fields: Fields, **parts: int | str) -> Json:
        return handler(lab.clerk_post if is_webhook else lab, fields, **parts)

    call.__name__ = f"clerk_{handler.__name__}"
    return call


_OWN: list[Route] = [
    ("GET", "", read_clerk),
    ("POST", "/users", add_user),
    ("PATCH", "/users/<user_id>", change_user),
    ("DELETE", "/users/<user_id>", delete_user),
    ("POST", "/organizations", add_organization),
    ("PATCH", "/organizations/<organization_id>", change_organization),
    ("DELETE", "/organizations/<organization_id>", delete_organization),
    ("POST", "/organizations/<organization_id>/members", add_member),
    ("PATCH", "/organizations/<organization_id>/members/<user_id>", change_member),
    ("DELETE", "/organizations/<organization_id>/members/<user_id>", remove_member),
    ("POST", "/fill", fill),
    ("GET", "/limits", read_limits),
    ("POST", "/limits", change_limits),
]
ROUTES: list[Route] = [
    *control_tokens.ROUTES,
    *styles.routes("clerk", world=lambda lab: lab.clerk, variants=VARIANTS, usual=DEFAULT_STYLE),
    *[(method, f"/clerk{path}", _of_clerk(handler)) for method, path, handler in _OWN],
    *[(method, f"/clerk{path}", _of_clerk(handler, is_webhook=True)) for method, path, handler in webhooks.ROUTES],
]
