"""The control API for Python: tests and the demo move the sandbox with it. Needs nothing but requests."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import requests

from sandbox.clerk.client import Clerk
from sandbox.orders.client import Orders
from sandbox.stream.client import Stream
from sandbox.told import Community, Fault, Group, JournalEntry, Message, Person, Session, Truth
from sandbox.webhooks.client import Webhooks

Json = Any
_TIMEOUT = 30


class SandboxError(Exception):
    """The sandbox refused: `status`, `code` and `detail` as it gave them."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        super().__init__(f"{status} {code}: {detail}")


class Sandbox:
    """
    One running sandbox. A community's parent JID may stand for its announcement group wherever people are meant.
    `webhooks` has the calls about the gateway's webhooks, `stream` those about Stream Chat, `clerk` those about Clerk,
    `orders` those about the order platform.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.gateway_url = f"{self.base_url}/gateway"
        self.issuer = f"{self.base_url}/clerk"
        self.jwks_url = f"{self.issuer}/.well-known/jwks.json"
        self.webhooks = Webhooks(self._call)
        self.clerk = Clerk(self._call, f"{self.issuer}/v1")
        self.orders = Orders(self._call)
        self.stream = Stream(self._call, f"{self.base_url}/stream")

    def reset(self, *, seed: int | None = None) -> None:
        """Empty worlds, no faults, an empty journal, webhooks as at the start; signing keys stay."""
        self._call("POST", "/reset", {"seed": seed})

    def state(self) -> dict[str, Json]:
        """The worlds in numbers."""
        return dict(self._call("GET", "/state"))

    def add_session(
        self,
        session_id: str | None = None,
        *,
        phone_number: str | None = None,
        lid: str | None = None,
        status: str = "connected",
    ) -> Session:
        """A session: connected, connecting, qr, disconnected or logged_out."""
        wish = {"sessionId": session_id, "phoneNumber": phone_number, "lid": lid, "status": status}
        return Session.read(self._call("POST", "/gateway/sessions", wish))

    def sessions(self) -> list[Session]:
        """All sessions, oldest first."""
        return [Session.read(row) for row in self._call("GET", "/gateway/sessions")["sessions"]]

    def change_session(
        self,
        session_id: str,
        *,
        status: str | None = None,
        phone_number: str | None = None,
        sees_phones: bool | None = None,
    ) -> Session:
        """Set what is given. `connected` scans a waiting QR code, with `phone_number` or a drawn one."""
        wish = {"status": status, "phoneNumber": phone_number, "seesPhones": sees_phones}
        return Session.read(self._call("PATCH", f"/gateway/sessions/{quote(session_id, safe='')}", wish))

    def flap(self, session_id: str, count: int) -> Session:
        """Lose and find a session's connection in no time, `count` changes in all."""
        path = f"/gateway/sessions/{quote(session_id, safe='')}/flap"
        return Session.read(self._call("POST", path, {"count": count}))

    def add_community(self, session_id: str, name: str, *, general: bool = False) -> Community:
        """A community that the session made, with a General group if asked for."""
        wish = {"sessionId": session_id, "name": name, "kind": "community", "general": general}
        return Community.read(self._call("POST", "/gateway/groups", wish))

    def add_group(self, session_id: str, name: str) -> str:
        """A single group that the session made; returns its JID."""
        wish = {"sessionId": session_id, "name": name, "kind": "group"}
        return str(self._call("POST", "/gateway/groups", wish)["groupJid"])

    def groups(self) -> list[Group]:
        """All groups, oldest first."""
        return [Group.read(row) for row in self._call("GET", "/gateway/groups")["groups"]]

    def delete_group(self, jid: str) -> list[str]:
        """Remove a group, with a parent its community; returns the JIDs that are gone."""
        return list(self._call("DELETE", _group(jid))["deleted"])

    def show_group(self, jid: str) -> None:
        """List an announcement group that `missing_announcement` has left out."""
        self._call("POST", _group(jid, "show"))

    def join(self, jid: str, count: int, *, hidden: int | None = None) -> list[Person]:
        """`count` new people enter; `hidden` of them hide their phone (None: a fifth, by chance)."""
        return _people(self._call("POST", _group(jid, "join"), {"count": count, "hidden": hidden}), "joined")

    def join_people(self, jid: str, people: Sequence[Mapping[str, Json]]) -> list[Person]:
        """These enter: each `{lid?, phone?, hidden?}`, known people or new ones."""
        return _people(
            self._call("POST", _group(jid, "join"), {"people": [dict(person) for person in people]}), "joined"
        )

    def leave(self, jid: str, count: int) -> list[Person]:
        """The `count` ordinary members who joined first leave."""
        return _people(self._call("POST", _group(jid, "leave"), {"count": count}), "left")

    def leave_people(self, jid: str, lids: Sequence[str]) -> list[Person]:
        """These leave."""
        return _people(self._call("POST", _group(jid, "leave"), {"lids": list(lids)}), "left")

    def promote(self, jid: str, lids: Sequence[str]) -> list[Person]:
        """These become admins; returns those who were not."""
        return _people(self._call("POST", _group(jid, "promote"), {"lids": list(lids)}), "promoted")

    def demote(self, jid: str, lids: Sequence[str]) -> list[Person]:
        """These stop being admins; returns those who were."""
        return _people(self._call("POST", _group(jid, "demote"), {"lids": list(lids)}), "demoted")

    def reveal(self, jid: str, lids: Sequence[str]) -> list[Person]:
        """These show their phones from now on."""
        return _people(self._call("POST", _group(jid, "reveal"), {"lids": list(lids)}), "revealed")

    def put_session_in(self, jid: str, session_id: str, *, is_admin: bool) -> None:
        """Make a session's number a member, with or without an admin's rights."""
        self._call("POST", _group(jid, "sessions"), {"sessionId": session_id, "isAdmin": is_admin})

    def truth(self, jid: str) -> Truth:
        """Who is in a group, and its whole history."""
        return Truth.read(self._call("GET", _group(jid, "members")))

    def messages(self) -> list[Message]:
        """The messages that were sent, with their refusals, oldest first."""
        return [Message(**row) for row in self._call("GET", "/gateway/messages")["messages"]]

    def set_style(self, **spellings: str) -> None:
        """Use other spellings of answers; those not named stay."""
        self._call("POST", "/gateway/style", spellings)

    def reset_style(self) -> None:
        """Use the usual spellings."""
        self._call("DELETE", "/gateway/style")

    def set_clock(self, offset_seconds: float) -> None:
        """Let the gateway's own clock be ahead, or behind when negative."""
        self._call("POST", "/gateway/clock", {"offsetSeconds": offset_seconds})

    def add_fault(
        self,
        operation: str,
        kind: str,
        *,
        service: str = "gateway",
        times: int | None = 1,
        skip: int = 0,
        session: str | None = None,
        group: str | None = None,
        **params: Json,
    ) -> Fault:
        """The next `times` requests (None: all) after `skip` others meet this fault. "*" means any operation."""
        wish = {"service": service, "operation": operation, "kind": kind, "skip": skip, "params": params}
        wish |= {"times": times, "forever": times is None, "session": session, "group": group}
        return Fault(**self._call("POST", "/faults", wish))

    def faults(self) -> list[Fault]:
        """What is set, with the times that are left."""
        return [Fault(**row) for row in self._call("GET", "/faults")["faults"]]

    def clear_faults(self, fault_id: int | None = None) -> None:
        """Remove one fault, or all."""
        self._call("DELETE", "/faults" if fault_id is None else f"/faults/{fault_id}")

    def journal(self, **filters: str | int) -> list[JournalEntry]:
        """
        The requests to played services, oldest first. Filters: service, operation, session, group, status, fault,
        `after` (newer than this id), `last` (no more than the newest so many).
        """
        found = self._call("GET", "/journal", query=filters)["requests"]
        return [JournalEntry(**row) for row in found]

    def clear_journal(self) -> None:
        """Forget all requests."""
        self._call("DELETE", "/journal")

    def issue_token(self, sub: str, **wishes: Json) -> str:
        """
        A session token. Wishes: org_id, org_role, org_slug, version (2 or 1), expires_in (seconds), claims, alg, kid,
        key ("current", "previous", "unknown").
        """
        return str(self._call("POST", "/tokens", {"sub": sub, **wishes})["token"])

    def rotate_key(self, *, keep_old: bool = True) -> str:
        """Sign with a new key; the old one stays in the key set or goes. Returns the new one's `kid`."""
        return str(self._call("POST", "/clerk/rotate-key", {"keep_old": keep_old})["kid"])

    def _call(
        self,
        method: str,
        path: str,
        body: Json = None,
        query: Mapping[str, str | int] | None = None,
        timeout: float = _TIMEOUT,
    ) -> Json:
        """:raises SandboxError: it refused"""
        url = f"{self.base_url}/control{path}"
        answer = requests.request(method, url, json=body, params=query, timeout=timeout)
        content = answer.json()
        if not answer.ok:
            raise SandboxError(answer.status_code, content["code"], content["detail"])
        return content


def _group(jid: str, rest: str = "") -> str:
    return f"/gateway/groups/{quote(jid, safe='')}{'/' if rest else ''}{rest}"


def _people(body: Json, name: str) -> list[Person]:
    return [Person.read(row) for row in body[name]]
