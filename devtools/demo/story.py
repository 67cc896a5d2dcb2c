"""The story, line by line. Each line asserts what it says and prints what it saw."""

from contextlib import closing
from typing import Any

import psycopg

from devtools.demo.people import Person, Staff
from devtools.demo.telling import Telling
from devtools.stack import Context
from sandbox.client import Sandbox

Json = Any
_TITLE = "Crypto Wealth Masterclass"
_NUMBER = "919800000001"


class Story:
    """A workshop gets its WhatsApp community, and 284 people are in sync."""

    def __init__(self, context: Context, telling: Telling) -> None:
        self._context, self._tell = context, telling
        self._sandbox = Sandbox(context.sandbox)
        self._sandbox.reset()
        self._sandbox.webhooks.configure(holds=True)  # first the syncs alone, then the events
        self._ada = Person(context.web, self._sandbox, "user_ada", "org_acme")
        self._linus = Person(context.web, self._sandbox, "user_linus", "org_globex")
        self._workshop: Json = None
        self._announcement_jid = ""

    def tell(self) -> None:
        """All of it. :raises Problem: a line is not true"""
        self._two_organizations()
        self._a_session_connects()
        self._a_workshop_gets_its_community()
        self._everybody_is_in_sync()
        self._some_leave_and_some_join()
        self._an_empty_list_is_not_believed()
        self._the_other_organization_sees_nothing()
        self._a_resync_changes_nothing()
        self._from_now_on_events_tell_us()

    def _two_organizations(self) -> None:
        mine, theirs = (
            [f"{row['name']} ({row['role']})" for row in person.get("/organizations")["results"]]
            for person in (self._ada, self._linus)
        )
        self._tell.check("Ada belongs to one organization, Linus to another", [*mine, *theirs],
                         ["Acme Academy (owner)", "Globex Institute (owner)"])  # fmt: skip

    def _a_session_connects(self) -> None:
        session = self._ada.post("/sessions", {"label": "Front desk"})
        path = f"/sessions/{session['id']}"
        waiting = self._ada.follow(path, lambda seen: seen["qr_code"], "the QR code")
        self._tell.check("A number is added and shows a QR code", waiting["status"], "qr_pending")
        self._sandbox.change_session(self._sandbox.sessions()[0].session_id, status="connected", phone_number=_NUMBER)
        connected = self._ada.follow(path, lambda seen: seen["status"] == "connected", "the connection")
        self._tell.check("A phone scans it: the number is connected", connected["full_phone"], f"+{_NUMBER}")
        chosen = self._ada.post(f"{path}/choose")
        self._tell.check("Ada lets it create communities", chosen["is_community_session"], True)

    def _a_workshop_gets_its_community(self) -> None:
        self._sandbox.add_fault("create_community", "drop_after_commit")
        workshop = {"title": _TITLE, "starts_at": "2027-02-04T19:00:00+05:30", "ends_at": "2027-02-04T21:00:00+05:30"}
        self._workshop = self._ada.post("/workshops", workshop)
        self._tell.check("Ada creates a workshop", self._workshop["title"], _TITLE)
        path = f"/workshops/{self._workshop['id']}/community"
        unknown = self._ada.follow(path, lambda seen: seen["status"] in ("unknown", "ready"), "the first attempt")
        self._tell.check(
            "The gateway creates the community and drops the line: nobody knows", unknown["status"], "unknown"
        )
        ready = self._ada.follow(path, lambda seen: seen["status"] == "ready", "the community")
        self._tell.check("It is looked up and adopted", ready["status"], "ready")
        self._tell.check("It has an invite link", ready["invite_link"][:26], "https://chat.whatsapp.com/")
        requests = self._sandbox.journal(operation="create_community")
        parents = [group for group in self._sandbox.groups() if group.kind == "parent"]
        self._tell.check("It was created once", (len(requests), len(parents)), (1, 1))
        self._workshop = self._ada.get(f"/workshops/{self._workshop['id']}")
        group = self._ada.get(f"/groups/{self._workshop['community_group_id']}")
        self._announcement_jid = group["group_jid"]
        self._tell.check("The workshop follows its announcement group", group["kind"], "announcement")

    def _everybody_is_in_sync(self) -> None:
        self._sandbox.join(self._announcement_jid, 283)
        self._tell.check("283 people join; with Ada's number they are", self._people_in_whatsapp(), 284)
        run = self._sync()
        self._tell.check('"Sync members" says', (run["status"], run["fetched"], run["added"]), ("done", 284, 284))
        self._check_everywhere(active=284, left=0)

    def _some_leave_and_some_join(self) -> None:
        self._sandbox.leave(self._announcement_jid, 12)
        self._sandbox.join(self._announcement_jid, 5)
        self._tell.check("12 leave and 5 join; in WhatsApp they are", self._people_in_whatsapp(), 277)
        run = self._sync()
        self._tell.check("The next sync says", (run["status"], run["added"], run["left"]), ("done", 5, 12))
        self._check_everywhere(active=277, left=12)

    def _an_empty_list_is_not_believed(self) -> None:
        self._sandbox.add_fault("participants", "empty_list")
        run = self._sync()
        self._tell.check("The gateway answers an empty list: the sync is", run["status"], "suspicious")
        self._tell.check("It says why", run["doubt_texts"], ["the list is empty"])
        self._check_everywhere(active=277, left=12)

    def _the_other_organization_sees_nothing(self) -> None:
        workshop, group = self._workshop["id"], self._workshop["community_group_id"]
        paths = [f"/workshops/{workshop}", f"/groups/{group}", f"/groups/{group}/members", "/organizations/org_acme"]
        seen = [self._linus.ask("GET", path).status_code for path in paths]
        seen.append(self._linus.ask("POST", f"/workshops/{workshop}/sync").status_code)
        self._tell.check("Linus of the other organization asks for each of these", seen, [404] * 5)
        self._tell.check(
            "His own lists are empty", tuple(self._linus.all(path) for path in ("/workshops", "/groups")), ([], [])
        )

    def _a_resync_changes_nothing(self) -> None:
        self._context.manage("resync_members", "--all")
        (before,) = self._rows("max(updated_at)::text")
        said = self._context.manage("resync_members", "--all").strip().splitlines()
        changed = self._rows(f"count(*) FILTER (WHERE updated_at > '{before}')")
        self._tell.check("An operator resyncs everything twice; the second time changes so many rows", changed, (0,))
        self._tell.note(f"resync_members: {said[-1]}" if said else "")

    def _from_now_on_events_tell_us(self) -> None:
        self._sandbox.webhooks.drop()
        self._sandbox.webhooks.configure(holds=False)
        self._sandbox.join(self._announcement_jid, 3)
        path = f"/groups/{self._workshop['community_group_id']}"
        group = self._ada.follow(path, lambda seen: seen["active_count"] >= 280, "the events")
        self._tell.check("The gateway tells of 3 who join; without a sync they are", group["active_count"], 280)

    def _sync(self) -> Json:
        run = self._ada.post(f"/workshops/{self._workshop['id']}/sync")
        return self._ada.follow(f"/sync-runs/{run['id']}", lambda seen: seen["finished_at"], "the sync")

    def _people_in_whatsapp(self) -> int:
        return len(self._sandbox.truth(self._announcement_jid).members)

    def _check_everywhere(self, *, active: int, left: int) -> None:
        group = self._workshop["community_group_id"]
        members = self._ada.all(f"/groups/{group}/members?page_size=200")
        in_api = [sum(row["status"] == status for row in members) for status in ("active", "left")]
        self._tell.check("In the API they are (active, left)", tuple(in_api), (active, left))
        staff = Staff(self._context.web, "demo", "demo")
        in_admin = tuple(staff.count(f"whatsapp/groupmember/?status__exact={status}") for status in ("active", "left"))
        self._tell.check("In the admin", in_admin, (active, left))
        counts = "count(*) FILTER (WHERE status = 'active'), count(*) FILTER (WHERE status = 'left')"
        self._tell.check("In the database", self._rows(counts), (active, left))

    def _rows(self, columns: str) -> tuple[Any, ...]:
        """One row of aggregates over all stored members, read by the owner as the system role."""
        with closing(psycopg.connect(self._context.env["DATABASE_OWNER_URL"])) as connection:
            connection.execute("SET ROLE rollcall_system")
            row = connection.execute(f"SELECT {columns} FROM workshop_group_members").fetchone()
        assert row is not None
        return row
