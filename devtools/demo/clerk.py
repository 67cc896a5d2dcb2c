"""The chapter of organizations: Clerk tells of one, and what it fails to tell is found by comparing."""

from typing import Any

from devtools.demo.people import Person
from devtools.demo.telling import Telling
from devtools.stack import Context
from sandbox.client import Sandbox

_FIRST, _LATER = "Potters' Guild", "Potters' Guild of Bergen"


class Clerk:
    """Ada makes an organization and renames it."""

    def __init__(self, context: Context, telling: Telling) -> None:
        self._context, self._tell = context, telling
        self._sandbox = Sandbox(context.sandbox)
        self._ada = Person(context.web, self._sandbox, "user_ada", "org_guild")

    def tell(self) -> None:
        """All of it. :raises Problem: a line is not true"""
        clerk = self._sandbox.clerk
        clerk.add_user("user_ada", email="ada@example.com", first_name="Ada", last_name="Lovelace")
        clerk.add_organization(_FIRST, "org_guild", created_by="user_ada")
        self._ada.follow("/organizations", lambda seen: _guild(seen).get("role") == "owner", "Clerk's webhooks")
        self._tell.check("Ada creates an organization in Clerk; here it is", self._name(), _FIRST)
        clerk.webhooks.misbehave("lose")
        clerk.change_organization("org_guild", name=_LATER)
        (event,) = clerk.webhooks.deliveries(last=1)
        seen = (event.event, event.state, self._name())
        self._tell.check("She renames it, and the event is lost", seen, ("organization.updated", "lost", _FIRST))
        said = self._context.manage("sync_organizations", "--yes").strip().splitlines()
        self._tell.check("The reconcile finds it out", self._name(), _LATER)
        self._tell.note(f"sync_organizations: {said[-1]}" if said else "")

    def _name(self) -> str:
        return str(_guild(self._ada.get("/organizations")).get("name"))


def _guild(organizations: Any) -> dict[str, Any]:
    return next((row for row in organizations["results"] if row["id"] == "org_guild"), {})
