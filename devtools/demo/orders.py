"""Five hundred orders arrive; two workshops make themselves, and the organizer sees who is missing."""

import csv
import io
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from devtools.demo.people import Person
from devtools.demo.telling import Telling
from devtools.stack import Context
from sandbox.client import Sandbox
from sandbox.orders.client import Order

Json = Any
_TITLES = ("Options for Beginners (Sh1)", "Tax Planning Live (Sh2)")
_COUNT, _AGAIN, _UNPAID, _LATE = 500, 20, 10, 40
#: Of each workshop's people: who joins and shows a phone, who joins and hides it, who joins uninvited, who leaves.
_JOINED, _HIDDEN, _STRANGERS, _LEFT = 140, 5, 5, 10


class Orders:
    """The chapter of orders, after the story: the number that creates communities is connected."""

    def __init__(self, context: Context, telling: Telling) -> None:
        self._web, self._tell = context.web, telling
        self._sandbox = Sandbox(context.sandbox)
        self._ada = Person(context.web, self._sandbox, "user_ada", "org_acme")
        self._orders: list[Order] = []
        self._workshops: list[Json] = []

    def tell(self) -> None:
        """All of it. :raises Problem: a line is not true"""
        self._orders_arrive()
        self._workshops_make_themselves()
        for workshop, name in zip(self._workshops, self._names, strict=True):
            self._people_join(workshop, name)

    def _orders_arrive(self) -> None:
        made = self._ada.post("/source-tokens", {"platform": "tagmango"})
        self._tell.check("Ada gets a URL for each event of TagMango, shown once", len(made["urls"]), 5)
        self._names = [f"{title} <> {_day(60 + number)}" for number, title in enumerate(_TITLES)]
        self._orders = self._sandbox.orders.post(
            "tagmango", f"{self._web}/webhooks/tagmango/{made['token']}", count=_COUNT, workshops=self._names,
            again=_AGAIN, unpaid=_UNPAID, late=_LATE, bad=2, copies=2, order="shuffled",
        )  # fmt: skip
        posts = 2 * (_COUNT + _LATE + 2)
        self._tell.check(
            f"{_COUNT} orders arrive twice, shuffled, in all spellings; every post is answered with 200",
            self._sandbox.orders.flush(120), {"200": posts},
        )  # fmt: skip

    def _workshops_make_themselves(self) -> None:
        paid = {(order.workshop, order.phone) for order in self._orders if order.is_paid}
        found = self._ada.follow("/workshops", lambda seen: len(self._mine(seen)) == 2, "two workshops")
        self._workshops = self._mine(found)
        starts = [workshop["starts_at"][-9:] for workshop in self._workshops]
        self._tell.check("Two workshops made themselves, at 19:00 in Kolkata", starts, ["13:30:00Z"] * 2)
        registered = [len(self._registered(name)) for name in self._names]
        for workshop, number in zip(self._workshops, registered, strict=True):
            path = f"/workshops/{workshop['id']}/participation"
            seen = self._ada.follow(path, partial(_has, {"registered": number}), f"{number} registrations")
            self._tell.check(f"Registered for {workshop['title']}", seen["registered"], number)
        self._tell.check("Nobody twice, nobody unpaid", sum(registered), len(paid))

    def _people_join(self, workshop: Json, name: str) -> None:
        path = f"/workshops/{workshop['id']}"
        ready = self._ada.follow(path, lambda seen: seen["community"]["status"] == "ready", "its community")
        jid = self._ada.get(f"/groups/{ready['community_group_id']}")["group_jid"]
        phones = sorted(self._registered(name))
        coming = [{"phone": phone.removeprefix("+"), "hidden": False} for phone in phones[:_JOINED]]
        hiding = [{"phone": phone.removeprefix("+"), "hidden": True} for phone in phones[_JOINED : _JOINED + _HIDDEN]]
        joined = self._sandbox.join_people(jid, coming)
        self._sandbox.join_people(jid, hiding)
        self._sandbox.join(jid, _STRANGERS, hidden=0)
        self._sandbox.leave_people(jid, [person.lid for person in joined[:_LEFT]])
        here, missing = _JOINED - _LEFT, len(phones) - _JOINED + _LEFT
        expected = {
            "registered": len(phones), "in_group": here + _HIDDEN + _STRANGERS + 1, "missing": missing, "left": _LEFT,
            "unregistered": _STRANGERS + 1, "hidden": _HIDDEN,
        }  # fmt: skip
        seen = self._ada.follow(f"{path}/participation", partial(_has, expected), f"the numbers {expected}")
        self._tell.check(
            f"150 join its community, {_LEFT} leave; {workshop['title']} says",
            [f"{seen[bucket]} {bucket}" for bucket in expected],
            [f"{number} {bucket}" for bucket, number in expected.items()],
        )
        sheet = self._ada.ask("GET", f"{path}/participation/missing.csv").content.decode("utf-8-sig")
        listed = {row["Phone"].lstrip("'") for row in csv.DictReader(io.StringIO(sheet))}
        self._tell.check("The CSV holds the missing", (len(listed), listed == set(phones[:_LEFT] + phones[_JOINED:])),
                         (missing, True))  # fmt: skip

    def _mine(self, page: Json) -> list[Json]:
        named = [row for row in page["results"] if row["title"].casefold() in map(str.casefold, _TITLES)]
        return sorted(named, key=lambda row: str(row["starts_at"]))

    def _registered(self, name: str) -> set[str]:
        return {order.phone for order in self._orders if order.is_paid and order.workshop == name}


def _has(expected: Json, seen: Json) -> bool:
    return bool(expected.items() <= seen.items())


def _day(days: int) -> str:
    """So many days from now, as names are written: `4TH February`."""
    day = datetime.now(UTC) + timedelta(days=days)
    ending = "TH" if 10 <= day.day % 100 <= 20 else {1: "ST", 2: "ND", 3: "RD"}.get(day.day % 10, "TH")
    return f"{day.day}{ending} {day:%B}"
