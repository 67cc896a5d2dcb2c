"""What Clerk tells by webhook, through Svix: https://clerk.com/docs/webhooks/overview."""

from sandbox.clerk import spelling
from sandbox.clerk.model import Membership, Organization, User
from sandbox.clerk.world import ClerkWorld
from sandbox.problems import Json
from sandbox.stage import Event

_INSTANCE = "ins_sandbox"


def event_of(world: ClerkWorld, kind: str, subject: User | Organization | Membership) -> Event:
    """The event about a change. Its id, the same at each attempt, is in a header, and nowhere in the body."""
    now = world.now()
    body = {
        "object": "event", "type": kind, "data": _data(world, kind, subject),
        "timestamp": now if world.style["timestamp"] == "milliseconds" else now // 1000,
        **({"instance_id": _INSTANCE} if world.style["instance_id"] == "given" else {}),
        "event_attributes": {"http_request": {"client_ip": "203.0.113.7", "user_agent": "Sandbox"}},
    }  # fmt: skip
    group = subject.id if isinstance(subject, Organization) else getattr(subject, "organization_id", None)
    return Event(kind, None, group, body, {"svix-id": world.new_id("msg")})


def _data(world: ClerkWorld, kind: str, subject: User | Organization | Membership) -> Json:
    """Of a deleted organization or user only the id; a membership whole, with its times as they were."""
    if isinstance(subject, Membership):
        return spelling.membership(world, subject)
    if kind.endswith(".deleted"):
        what = "organization" if isinstance(subject, Organization) else "user"
        slug = {"slug": subject.slug} if isinstance(subject, Organization) and subject.slug else {}
        return {"object": what, "id": subject.id, **slug, "deleted": True}
    return spelling.user(subject) if isinstance(subject, User) else spelling.organization(world, subject)
