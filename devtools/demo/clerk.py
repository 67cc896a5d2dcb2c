"""The chapter of organizations: Clerk tells of one, and what it fails to tell is found by comparing."""

from typing import Any

from devtools.demo.people import Person
from devtools.demo.telling import Telling
from devtools.stack import Context
from sandbox.client import Sandbox

_FIRST, _LATER = "Potters' Guild", "Potters' Guild of Bergen"


def tell(context: Context, telling: Telling) -> None:
    """All of it. :raises Problem: a line is not true"""
    sandbox = Sandbox(context.sandbox)
    ada = Person(context.web, sandbox, "user_ada", "org_guild")
    sandbox.clerk.add_user("user_ada", email="ada@example.com", first_name="Ada", last_name="Lovelace")
    sandbox.clerk.add_organization(_FIRST, "org_guild", created_by="user_ada")
    mine = ada.follow("/organizations", lambda seen: _guild(seen).get("role") == "owner", "Clerk's webhooks")
    telling.check("Ada creates an organization in Clerk; here it is", _guild(mine)["name"], _FIRST)
    sandbox.clerk.webhooks.misbehave("lose")
    sandbox.clerk.change_organization("org_guild", name=_LATER)
    (event,) = sandbox.clerk.webhooks.deliveries(last=1)
    seen = (event.event, event.state, _guild(ada.get("/organizations"))["name"])
    telling.check("She renames it, and the event does not arrive", seen, ("organization.updated", "lost", _FIRST))
    said = context.manage("sync_organizations", "--yes").strip().splitlines()
    telling.check("The reconcile finds it out", _guild(ada.get("/organizations"))["name"], _LATER)
    telling.note(f"sync_organizations: {said[-1]}" if said else "")


def _guild(organizations: Any) -> dict[str, Any]:
    return next((row for row in organizations["results"] if row["id"] == "org_guild"), {})
