"""Calls to the played gateway, as a client of it makes them."""

from typing import Any
from urllib.parse import quote

import requests

from sandbox.client import Sandbox

Json = Any
API_KEY = "sandbox-gateway-key"


class Gateway:
    """The gateway's paths. Each call gives the bare response; `ok` methods give the body of a 200."""

    def __init__(self, sandbox: Sandbox, api_key: str = API_KEY) -> None:
        self.url = sandbox.gateway_url
        self.headers = {"X-API-Key": api_key} if api_key else {}

    def get(self, path: str, timeout: float = 5) -> requests.Response:
        return requests.get(f"{self.url}{path}", headers=self.headers, timeout=timeout)

    def post(self, path: str, body: Json = None, timeout: float = 5, key: str = "") -> requests.Response:
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        return requests.post(f"{self.url}{path}", json=body, headers=headers, timeout=timeout)

    def create(self, session: str, name: str, timeout: float = 5, key: str = "", **rest: Json) -> requests.Response:
        return self.post("/create-community", {"sessionId": session, "name": name, **rest}, timeout, key)

    def groups(self, session: str, *, links: bool = True) -> Json:
        return self._ok(self.get(f"/groups/{session}{'?includeInviteLinks=true' if links else ''}"))

    def listed(self, session: str) -> list[str]:
        """The JIDs in the group list."""
        return [row["id"] for row in self.groups(session)["groups"]]

    def participants(self, session: str, jid: str) -> Json:
        return self._ok(self.get(group_path(session, jid, "participants")))

    def lids(self, session: str, jid: str) -> set[str]:
        """The ids in the list of participants."""
        return {row["id"] for row in self.participants(session, jid)["participants"]}

    def status(self, session: str) -> Json:
        return self._ok(self.get(f"/status/{session}"))

    def _ok(self, answer: requests.Response) -> Json:
        assert answer.status_code == 200, answer.text
        return answer.json()


def group_path(session: str, jid: str, what: str) -> str:
    """The path to something of a group, its JID url-encoded."""
    return f"/groups/{session}/{quote(jid, safe='')}/{what}"
