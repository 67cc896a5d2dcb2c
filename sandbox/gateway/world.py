"""The gateway's world: everything that exists in it, and how to find it."""

from collections.abc import Callable

from sandbox.clock import Clock
from sandbox.gateway.model import (
    Creation,
    Group,
    Happening,
    Message,
    Pending,
    Person,
    Session,
    group_from_json,
    group_to_json,
)
from sandbox.gateway.people import Names
from sandbox.gateway.variants import DEFAULT_STYLE
from sandbox.problems import Json, bad_input, not_possible, not_there

DEFAULT_SEED = 1
HIDDEN_SHARE = 0.2
_MESSAGES_KEPT = 1_000


class World:
    """
    Holds what exists; the modules beside this one change it. Not safe for threads by itself: callers hold the lock.

    `created_by_key` maps `<sessionId> <Idempotency-Key>` to the parent that was created. `clock_offset` is how many
    seconds the gateway's own clock is ahead, as its Date header shows. `tell` is called with whatever happens.
    """

    def __init__(self, clock: Clock, seed: int = DEFAULT_SEED) -> None:
        self.clock = clock
        self.names = Names(seed)
        self.people: dict[str, Person] = {}
        self.sessions: dict[str, Session] = {}
        self.groups: dict[str, Group] = {}
        self.messages: list[Message] = []
        self.pending: list[Pending] = []
        self.created_by_key: dict[str, str] = {}
        self.style: dict[str, str] = dict(DEFAULT_STYLE)
        self.clock_offset = 0.0
        self.tell: Callable[[Happening], None] = _tell_nobody
        self._lid_by_phone: dict[str, str] = {}

    def session(self, session_id: str) -> Session:
        """:raises Problem: there is no such session"""
        if session_id not in self.sessions:
            raise not_there("unknown_session", f"there is no session {session_id}")
        return self.sessions[session_id]

    def group(self, jid: str) -> Group:
        """:raises Problem: there is no such group"""
        if jid not in self.groups:
            raise not_there("unknown_group", f"there is no group {jid}")
        return self.groups[jid]

    def people_group(self, jid: str) -> Group:
        """The group that holds the people of `jid`: of a parent, its announcement group."""
        group = self.group(jid)
        return self.announcement_of(group) if group.kind == "parent" else group

    def announcement_of(self, parent: Group) -> Group:
        """The announcement group of a community's parent."""
        return next(group for group in self.linked(parent) if group.kind == "announcement")

    def linked(self, parent: Group) -> list[Group]:
        """The groups of a community, its parent left out."""
        return [group for group in self.groups.values() if group.parent_jid == parent.jid]

    def own_phone(self, session: Session) -> str | None:
        """The number that a session is linked to."""
        return self.people[session.lid].phone if session.lid else None

    def phone_shown_to(self, session: Session, lid: str) -> str | None:
        """Somebody's phone as a session gets to see it; None when it is hidden from it."""
        person = self.people[lid]
        is_shown = lid == session.lid or (session.sees_phones and not person.is_hidden)
        return person.phone if is_shown else None

    def person(
        self,
        lid: str | None = None,
        phone: str | None = None,
        *,
        is_hidden: bool | None = None,
        country: str | None = None,
    ) -> Person:
        """
        The person with this LID or phone, made if there is none; what is not given is drawn.

        :param country: the calling code of a drawn phone
        :raises Problem: LID and phone belong to two people, or are none
        """
        lid = _clean_lid(lid) if lid else None
        phone = _clean_phone(phone) if phone else None
        known = self.people.get(lid or self._lid_by_phone.get(phone or "", ""))
        if known is None:
            return self._new_person(lid, phone, is_hidden, country)
        if (lid and known.lid != lid) or (phone and known.phone != phone):
            raise not_possible("other_person", f"{lid} and {phone} are not the same person")
        known.is_hidden = known.is_hidden if is_hidden is None else is_hidden
        return known

    def add_message(self, message: Message) -> None:
        """Keep a sent message, and no more than 1,000 of them."""
        self.messages = [*self.messages[1 - _MESSAGES_KEPT :], message]

    def to_json(self) -> Json:
        """For the state file; the reverse is `load`."""
        return {
            "seed": self.names.seed,
            "drawn": self.names.drawn,
            "people": [dict(vars(person)) for person in self.people.values()],
            "sessions": [dict(vars(session)) for session in self.sessions.values()],
            "groups": [group_to_json(group) for group in self.groups.values()],
            "messages": [dict(vars(message)) for message in self.messages],
            "pending": [{"due": item.due, "creation": dict(vars(item.creation))} for item in self.pending],
            "created_by_key": dict(self.created_by_key),
            "style": dict(self.style),
            "clock_offset": self.clock_offset,
        }

    def load(self, state: Json) -> None:
        """Become what `to_json` wrote."""
        self.names = Names(state["seed"], state["drawn"])
        self.people = {row["lid"]: Person(**row) for row in state["people"]}
        self.sessions = {row["session_id"]: Session(**row) for row in state["sessions"]}
        self.groups = {row["jid"]: group_from_json(row) for row in state["groups"]}
        self.messages = [Message(**row) for row in state["messages"]]
        self.pending = [Pending(row["due"], Creation(**row["creation"])) for row in state["pending"]]
        self.created_by_key = dict(state["created_by_key"])
        self.style = {**DEFAULT_STYLE, **state["style"]}
        self.clock_offset = state["clock_offset"]
        self._lid_by_phone = {person.phone: person.lid for person in self.people.values()}

    def _new_person(self, lid: str | None, phone: str | None, is_hidden: bool | None, country: str | None) -> Person:
        while lid is None or lid in self.people:
            lid = self.names.lid()
        while phone is None or phone in self._lid_by_phone:
            phone = self.names.phone(country)
        hides = self.names.happens(HIDDEN_SHARE) if is_hidden is None else is_hidden
        person = Person(lid, phone, hides)
        self.people[lid] = person
        self._lid_by_phone[phone] = lid
        return person


def _tell_nobody(happening: Happening) -> None:
    """For a world that nobody listens to."""


def _clean_lid(lid: str) -> str:
    digits = lid.removesuffix("@lid")
    if not (digits.isascii() and digits.isdigit()):
        raise bad_input(f"{lid} is no LID: digits and @lid")
    return f"{digits}@lid"


def _clean_phone(phone: str) -> str:
    digits = phone.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 15):
        raise bad_input(f"{phone} is no phone number: 8 to 15 digits with the country's code")
    return digits
