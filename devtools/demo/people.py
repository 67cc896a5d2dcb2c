"""How the demo speaks to Rollcall: as a person with a token, and as staff in the admin."""

import re
import time
from collections.abc import Callable
from typing import Any

import requests

from devtools.problems import FAILED, Problem
from sandbox.client import Sandbox

Json = Any
_PATIENCE = 60.0
_TIMEOUT = 10


class Person:
    """Somebody who uses the API for one organization. A fresh token for each call: tokens live a minute."""

    def __init__(self, web: str, sandbox: Sandbox, user_id: str, organization_id: str) -> None:
        self._api, self._sandbox = f"{web}/api", sandbox
        self._user_id, self._organization_id = user_id, organization_id

    def ask(self, method: str, path: str, body: Json = None) -> requests.Response:
        """Any answer."""
        token = self._sandbox.issue_token(self._user_id, org_id=self._organization_id)
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(method, f"{self._api}{path}", json=body, headers=headers, timeout=_TIMEOUT)

    def get(self, path: str) -> Json:
        """The body of a success. :raises Problem: it is none"""
        return _body(self.ask("GET", path))

    def post(self, path: str, body: Json = None) -> Json:
        """The body of a success. :raises Problem: it is none"""
        return _body(self.ask("POST", path, body))

    def follow(self, path: str, is_over: Callable[[Json], object], what: str) -> Json:
        """Look until `is_over`. :raises Problem: it takes over a minute; what was seen last is told"""
        deadline = time.monotonic() + _PATIENCE
        while not is_over(seen := self.get(path)):
            if time.monotonic() > deadline:
                raise Problem(f"Waited {_PATIENCE:.0f} s for {what}. Seen last: {seen}", exit_code=FAILED)
            time.sleep(0.2)
        return seen

    def all(self, path: str) -> list[Json]:
        """Every row of a list, page by page."""
        rows: list[Json] = []
        page = self.get(path)
        rows += page["results"]
        while page["next"]:
            page = self.get(page["next"].removeprefix(self._api))
            rows += page["results"]
        return rows


class Staff:
    """Somebody in the admin."""

    def __init__(self, web: str, username: str, password: str) -> None:
        self._web, self._session = web, requests.Session()
        login = f"{web}/admin/login/?next=/admin/"
        self._session.get(login, timeout=_TIMEOUT).raise_for_status()
        form = {"username": username, "password": password, "csrfmiddlewaretoken": self._session.cookies["csrftoken"]}
        answer = self._session.post(login, data=form, timeout=_TIMEOUT)
        if "/login/" in answer.url or not answer.ok:
            raise Problem(f"The admin does not let {username} in.", exit_code=FAILED)

    def count(self, path: str) -> int:
        """How many rows a list of the admin says it has."""
        page = self._session.get(f"{self._web}/admin/{path}", timeout=_TIMEOUT)
        page.raise_for_status()
        text = re.sub(r"<[^>]+>", " ", page.text)
        found = re.search(r"([\d,]+)\s+(?:group )?members?\b", text)
        return int(found.group(1).replace(",", "")) if found else -1


def _body(answer: requests.Response) -> Json:
    if not answer.ok:
        raise Problem(
            f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:300]}", exit_code=FAILED
        )
    return answer.json()
