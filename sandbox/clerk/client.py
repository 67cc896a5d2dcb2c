"""The calls about Clerk, for Python. Reached as `clerk` of `sandbox.client.Sandbox`."""

from dataclasses import dataclass
from typing import Any

from sandbox.webhooks.client import Call, Webhooks

Json = Any
_PATH = "/clerk"


@dataclass(frozen=True, slots=True)
class Everything:
    """What there is at Clerk, by id; memberships by (organization, user)."""

    users: dict[str, Json]
    organizations: dict[str, Json]
    memberships: dict[tuple[str, str], Json]


class Clerk:
    """Users, organizations and their members. `webhooks` are Clerk's own, as Svix sends them."""

    def __init__(self, call: Call, url: str) -> None:
        self._call = call
        self.url = url
        self.webhooks = Webhooks(call, _PATH)

    def everything(self) -> Everything:
        """All there is."""
        told = self._call("GET", _PATH)
        return Everything(
            {row["id"]: row for row in told["users"]},
            {row["id"]: row for row in told["organizations"]},
            {(row["organization_id"], row["user_id"]): row for row in told["memberships"]},
        )

    def add_user(self, user_id: str | None = None, **facts: Json) -> str:
        """Somebody signs up; returns the id. Facts: email, is_verified, first_name, last_name, username, phone."""
        return str(self._call("POST", f"{_PATH}/users", {"id": user_id, **facts})["id"])

    def change_user(self, user_id: str, **facts: Json) -> None:
        """Describe somebody anew: facts as above, and image_url."""
        self._call("PATCH", f"{_PATH}/users/{user_id}", facts)

    def delete_user(self, user_id: str) -> None:
        """With all their memberships."""
        self._call("DELETE", f"{_PATH}/users/{user_id}")

    def add_organization(
        self, name: str, organization_id: str | None = None, *, created_by: str | None = None, slug: str | None = None
    ) -> str:
        """Returns the id. Its creator, if one is named, becomes its admin."""
        wish = {"id": organization_id, "name": name, "created_by": created_by, "slug": slug}
        return str(self._call("POST", f"{_PATH}/organizations", wish)["id"])

    def change_organization(self, organization_id: str, **facts: Json) -> None:
        """Facts: name, slug, image_url."""
        self._call("PATCH", f"{_PATH}/organizations/{organization_id}", facts)

    def delete_organization(self, organization_id: str) -> None:
        """With all its memberships."""
        self._call("DELETE", f"{_PATH}/organizations/{organization_id}")

    def add_member(self, organization_id: str, user_id: str, role: str = "org:member") -> str:
        """Somebody enters, or comes back; returns the membership's id."""
        path = f"{_PATH}/organizations/{organization_id}/members"
        return str(self._call("POST", path, {"user_id": user_id, "role": role})["id"])

    def change_member(self, organization_id: str, user_id: str, role: str) -> None:
        """Another role."""
        self._call("PATCH", f"{_PATH}/organizations/{organization_id}/members/{user_id}", {"role": role})

    def remove_member(self, organization_id: str, user_id: str) -> None:
        """Somebody leaves."""
        self._call("DELETE", f"{_PATH}/organizations/{organization_id}/members/{user_id}")

    def fill(self, *, users: int, organizations: int, members: int) -> None:
        """So many, and so many members in each, of an hour ago; nothing is told of them."""
        wish = {"users": users, "organizations": organizations, "members": members}
        self._call("POST", f"{_PATH}/fill", wish, timeout=300)

    def limit(self, *, requests: int, seconds: float) -> None:
        """Refuse what comes beyond so many requests in so many seconds."""
        self._call("POST", f"{_PATH}/limits", {"requests": requests, "seconds": seconds})

    def refused(self) -> int:
        """How many requests met the limit."""
        return int(self._call("GET", f"{_PATH}/limits")["refused"])

    def set_style(self, **choices: str) -> None:
        """Write and behave differently."""
        self._call("POST", f"{_PATH}/style", choices)
