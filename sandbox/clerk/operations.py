"""The Backend API's operations: https://clerk.com/docs/reference/backend-api."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from sandbox.clerk import spelling
from sandbox.clerk.faults import error
from sandbox.clerk.model import Membership
from sandbox.clerk.world import ClerkWorld
from sandbox.faults import Fault
from sandbox.problems import Json
from sandbox.stage import Answer, Call, Params, Refused, json_answer

_MOST = 500
_USUAL = 10
Row = TypeVar("Row")


def list_organizations(world: ClerkWorld, call: Call, fault: Fault | None) -> Answer:
    """All organizations."""
    rows = world.organizations.values()
    return _page(rows, call, fault, lambda row: spelling.organization(world, row))


def organization(world: ClerkWorld, call: Call, fault: Fault | None) -> Answer:
    """One organization."""
    found = world.organizations.get(call.group or "")
    return json_answer(spelling.organization(world, found)) if found else _not_found()


def list_memberships(world: ClerkWorld, call: Call, fault: Fault | None) -> Answer:
    """One organization's memberships, or those of one user in it."""
    if call.group not in world.organizations:
        return _not_found()
    rows: Iterable[Membership] = world.members.get(call.group or "", {}).values()
    if user_id := call.query.get("user_id"):
        rows = [row for row in rows if row.user_id == user_id]
    return _page(rows, call, fault, lambda row: spelling.membership(world, row))


def list_all_memberships(world: ClerkWorld, call: Call, fault: Fault | None) -> Answer:
    """All memberships of all organizations."""
    rows = world.memberships.values()
    return _page(rows, call, fault, lambda row: spelling.membership(world, row))


def list_users(world: ClerkWorld, call: Call, fault: Fault | None) -> Answer:
    """Users, as a bare list; `starting_after` names the one before."""
    rows = list(world.users)
    after = call.query.get("starting_after")
    if after and after not in world.users:
        raise Refused(error(400, "invalid_cursor", "starting_after names no user"))
    limit, params = _number(call, "limit", _USUAL, 1, _MOST), fault.params if fault else {}
    first = rows.index(after) + 1 if after else _number(call, "offset", 0, 0, 10**9)
    shown = rows[: int(params.get("keep", len(rows)))][first : first + min(limit, int(params.get("most", limit)))]
    return json_answer([spelling.user(world.users[pk]) for pk in shown])


def count_users(world: ClerkWorld, call: Call, fault: Fault | None) -> Answer:
    """How many users there are."""
    return json_answer({"object": "total_count", "total_count": len(world.users)})


def user(world: ClerkWorld, call: Call, fault: Fault | None) -> Answer:
    """One user."""
    found = world.users.get(call.session or "")
    return json_answer(spelling.user(found)) if found else _not_found()


def unknown(world: ClerkWorld, call: Call, fault: Fault | None) -> Answer:
    """What is not among these."""
    return _not_found()


def _page(rows: Iterable[Row], call: Call, fault: Fault | None, spell: Callable[[Row], Json]) -> Answer:
    """The usual order is the newest first; `+created_at` asks for the oldest."""
    ordered = list(rows)
    if call.query.get("order_by", "-created_at").startswith("-"):
        ordered.reverse()
    limit, offset = _number(call, "limit", _USUAL, 1, _MOST), _number(call, "offset", 0, 0, 10**9)
    params: Params = fault.params if fault else {}
    if "keep" in params:
        ordered = ordered[: int(params["keep"])]
    shown = ordered[offset : offset + min(limit, int(params.get("most", limit)))]
    return json_answer(
        {"data": [spell(row) for row in shown], "total_count": len(ordered) + int(params.get("offset", 0))}
    )


def _number(call: Call, name: str, usual: int, least: int, most: int) -> int:
    text = call.query.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise Refused(error(422, "form_param_value_invalid", f"{name} must be from {least} to {most}"))
    return int(text)


def _not_found() -> Answer:
    return error(404, "resource_not_found", "not found")
