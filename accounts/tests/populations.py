"""Generated people, as two systems that drifted apart for years would have them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from hypothesis import strategies as st

IDS = [f"id{number}" for number in range(9)]
EMAILS = [f"{name}@{host}" for name in ("ada", "bob", "cy", "dee", "eve") for host in ("x.example", "X.example")]


@dataclass(frozen=True)
class Identity:
    """A row of auth_users."""

    id: str
    email: str | None
    is_confirmed: bool
    is_sso: bool
    is_anonymous: bool
    is_deleted: bool

    @property
    def key(self) -> str | None:
        """The e-mail that it has proven."""
        is_proof = self.is_confirmed and not self.is_deleted and not self.is_anonymous
        return self.email.lower() if self.email and is_proof else None


@dataclass(frozen=True)
class Person:
    """A row of app_users."""

    id: str
    email: str | None
    is_left: bool

    @property
    def key(self) -> str | None:
        """The e-mail that people are compared by."""
        return self.email.lower() if self.email else None


@dataclass(frozen=True)
class Population:
    """Both sides."""

    identities: Sequence[Identity]
    people: Sequence[Person]

    def build(self) -> None:
        """Into the database; what the trigger makes on the way is removed."""
        with connection.cursor() as cursor:
            for each in self.identities:
                email = f"{each.id}0f3a" if each.is_deleted else each.email
                cursor.execute(
                    "INSERT INTO auth_users (id, email, email_confirmed_at, is_sso_user, is_anonymous, deleted_at)"
                    " VALUES (%s, %s, CASE WHEN %s THEN now() END, %s, %s, CASE WHEN %s THEN now() END)",
                    [each.id, email, each.is_confirmed, each.is_sso, each.is_anonymous, each.is_deleted],
                )
            cursor.execute("DELETE FROM app_users; DELETE FROM user_sync_failures")
            for place, one in enumerate(self.people):
                cursor.execute(
                    "INSERT INTO app_users (id, email, username, full_name, deleted_in_auth_at, updated_at)"
                    " VALUES (%s, %s, %s, %s, CASE WHEN %s THEN now() END, now() - %s * interval '1 day')",
                    [one.id, one.email, f"u-{one.id}", f"Was {one.id}", one.is_left, place],
                )

    def movers(self) -> dict[str, str]:
        """
        Who may move where by the words of the contract alone, each looked at by itself: one to one on a confirmed
        e-mail, and neither side deleted, anonymous or shared.
        """
        found = {}
        by_id = {each.id: each for each in self.identities}
        for one in self.people:
            owners = [each for each in self.identities if each.key and each.key == one.key]
            rivals = [other for other in self.people if other.key == one.key]
            sits_on = by_id.get(one.id)
            may_leave = not one.is_left if sits_on is None else sits_on.key is not None
            if len(owners) == 1 and len(rivals) == 1 and owners[0].id != one.id and may_leave:
                found[one.id] = owners[0].id
        return found


def _rarely(strategy: Any) -> Any:
    return st.one_of(st.just(False), st.just(False), st.just(False), strategy)


_identity = st.builds(
    Identity, id=st.sampled_from(IDS), email=st.one_of(st.none(), st.sampled_from(EMAILS), st.sampled_from(EMAILS)),
    is_confirmed=st.sampled_from([True, True, True, False]), is_sso=_rarely(st.booleans()),
    is_anonymous=_rarely(st.booleans()), is_deleted=_rarely(st.booleans()),
)  # fmt: skip
_person = st.builds(
    Person, id=st.sampled_from(IDS), email=st.one_of(st.none(), st.sampled_from(EMAILS), st.sampled_from(EMAILS)),
    is_left=_rarely(st.booleans()),
)  # fmt: skip


def _by_id(each: Any) -> str:
    return str(each.id)


def _email(one: Person) -> str:
    return one.email or one.id


@st.composite
def shuffled(draw: Any) -> Population:
    """People who agreed once, whose ids were then moved round: chains, swaps and longer cycles."""
    size = draw(st.integers(2, 5))
    emails = EMAILS[: 2 * size : 2]
    identities = [Identity(IDS[n], emails[n], True, False, False, False) for n in range(size)]
    places = draw(st.permutations(IDS))[:size]
    return Population(identities, [Person(places[n], emails[n], False) for n in range(size)])


populations = st.one_of(
    st.builds(
        Population, identities=st.lists(_identity, unique_by=_by_id, max_size=7),
        people=st.lists(_person, unique_by=(_by_id, _email), max_size=7),
    ),
    shuffled(),
)  # fmt: skip
