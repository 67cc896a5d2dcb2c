"""Fixtures of chat."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from rest_framework.response import Response

from accounts.models import AppUser
from chat.tests.factories import new_member, new_person, party
from conftest import Api
from organizations.models import Membership, Organization
from sandbox.client import Sandbox
from sandbox.told import JournalEntry


@dataclass
class Scene:
    """A company with a member, a person, and Stream, which knows nobody yet."""

    sandbox: Sandbox
    api: Api
    member: Membership = field(default_factory=new_member)
    person: AppUser = field(default_factory=new_person)

    @property
    def company(self) -> Organization:
        return self.member.organization

    def open(self, *others: Organization | AppUser, member: Membership | None = None, **facts: Any) -> Response:
        """Open a conversation, as the company, with the person or with `others`."""
        member = member or self.member
        wanted = [party(one) for one in (member.organization, *(others or (self.person,)))]
        return self.post("/api/chat/conversations", {"participants": wanted, **facts}, member)

    def post(self, path: str, body: Any = None, member: Membership | None = None) -> Response:
        answer: Response = self.api(member or self.member).post(path, body, format="json")
        return answer

    def get(self, path: str, member: Membership | None = None) -> Response:
        answer: Response = self.api(member or self.member).get(path)
        return answer

    def calls(self, operation: str = "") -> list[JournalEntry]:
        """What Stream was asked."""
        filters = {"operation": operation} if operation else {}
        return self.sandbox.journal(service="stream", **filters)

    def fault(self, operation: str, kind: str, **facts: Any) -> None:
        self.sandbox.add_fault(operation, kind, service="stream", **facts)

    def channel_members(self) -> set[str]:
        """Who is in the only channel."""
        (channel,) = self.sandbox.stream.channels().values()
        return {row["user_id"] for row in channel["members"]}


@pytest.fixture
def scene(sandbox: Sandbox, api: Api, db: None) -> Scene:
    return Scene(sandbox, api)
