"""Who somebody is in Stream: the id there, and the whole profile, which an upsert replaces."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts.models import AppUser
from chat.models import Kind, StreamIdentity
from organizations.models import Organization

_SOUND = re.compile(r"[A-Za-z0-9@_-]{1,200}")
_LONGEST_NAME = 200
_LONGEST_IMAGE = 2_000
MODERATOR, MEMBER = "channel_moderator", "channel_member"


@dataclass(frozen=True, slots=True, order=True)
class Party:
    """A company or a person as callers name them."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


def stream_id(party: Party) -> str:
    """The id of a new identity. Ids with letters that Stream does not take are hashed."""
    sound = party.id if _SOUND.fullmatch(party.id) else f"x{hashlib.sha256(party.id.encode()).hexdigest()[:40]}"
    return f"{settings.STREAM_ID_PREFIX}_{party.kind}_{sound}"


def channel_role(kind: str) -> str:
    """A company leads its own conversations."""
    return MODERATOR if kind == Kind.COMPANY else MEMBER


def payload(identity: StreamIdentity) -> dict[str, str]:
    """
    The whole profile for Stream, always with a role: an upsert without one may reset it.

    The company or person is loaded already.
    """
    profile = {"id": identity.stream_id, "role": role_of(identity), "name": _name(identity)[:_LONGEST_NAME]}
    image = _image(identity)
    if image.startswith(("https://", "http://")) and len(image) <= _LONGEST_IMAGE:
        profile["image"] = image
    return profile


def role_of(identity: StreamIdentity) -> str:
    """In all of Stream, beside the role in a channel."""
    return settings.STREAM_COMPANY_ROLE if identity.kind == Kind.COMPANY else "user"


def _name(identity: StreamIdentity) -> str:
    owner = identity.owner
    return " ".join(str(owner).split()) if isinstance(owner, Organization | AppUser) else ""


def _image(identity: StreamIdentity) -> str:
    owner = identity.owner
    return str(owner.image_url if isinstance(owner, Organization) else getattr(owner, "profile_image", ""))


def fingerprint(profile: dict[str, str]) -> str:
    """Of a profile in one application: another key is another Stream, which knows nobody yet."""
    text = json.dumps([settings.STREAM_API_KEY, settings.STREAM_BASE_URL, profile], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def channel_id(stream_ids: Sequence[str], context: str) -> str:
    """The id of the one channel of these participants in this context, at most 64 characters."""
    text = json.dumps([sorted(stream_ids), context])
    return f"{settings.STREAM_ID_PREFIX[:20]}-{hashlib.sha256(text.encode()).hexdigest()[:40]}"
