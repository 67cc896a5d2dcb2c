"""The life of a session: asked for, scanned, connected, lost, logged out."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sandbox.clock import seconds_between
from sandbox.gateway.model import Session, SessionStatus, StatusChanged
from sandbox.gateway.people import qr_code
from sandbox.gateway.world import World
from sandbox.problems import not_possible

_HOME = "91"

#: What a test may set; `logged_out` is `disconnected` on the wire, and its next connect needs a QR code.
SETTABLE = ("connected", "connecting", "qr", "disconnected", "logged_out")


def add(
    world: World, *, session_id: str | None = None, phone: str | None = None, lid: str | None = None, status: str
) -> Session:
    """A session in any state, linked to a number unless it waits for its QR code or is logged out."""
    session_id = session_id or f"wa_{uuid4()}"
    if session_id in world.sessions:
        raise not_possible("session_exists", f"there is a session {session_id} already")
    person = None
    if status not in ("qr", "logged_out"):
        person = world.person(lid, phone, is_hidden=False, country=_HOME)
    session = _new(world, session_id)
    with _telling(world, session):
        session.lid = person.lid if person else None
        _set_status(world, session, status)
    return session


def connect(world: World, session_id: str) -> Session:
    """What the gateway does on `connect`: a known number comes back by itself, anything else shows a QR code."""
    session = world.sessions.get(session_id) or _new(world, session_id)
    with _telling(world, session):
        if session.is_paired:
            _set_status(world, session, "connected")
        elif session.status != "qr":
            _set_status(world, session, "qr")
    return session


def log_out(world: World, session: Session) -> None:
    """The number is unlinked; the next connect needs a QR code."""
    with _telling(world, session):
        _set_status(world, session, "logged_out")


def flap(world: World, session: Session, count: int) -> None:
    """
    The connection is lost and found again, `count` changes in all.

    :raises Problem: there is no connection to lose
    """
    if not session.is_paired:
        raise not_possible("not_paired", f"{session.session_id} is linked to no number: scan it first")
    for _ in range(count):
        with _telling(world, session):
            _set_status(world, session, "disconnected" if session.status == "connected" else "connected")


def change(world: World, session: Session, *, status: str | None, phone: str | None, sees_phones: bool | None) -> None:
    """
    What a test does to a session. `connected` scans the QR code, with `phone` or a drawn number.

    :raises Problem: a phone for a session that is linked to nothing
    """
    if sees_phones is not None:
        session.sees_phones = sees_phones
    will_pair = session.is_paired if status is None else status not in ("qr", "logged_out")
    if phone and not will_pair:
        raise not_possible("not_paired", f"{session.session_id} is linked to no number: scan it first")
    with _telling(world, session):
        if phone or (will_pair and session.lid is None):
            session.lid = world.person(None, phone, is_hidden=False, country=_HOME).lid
        if status is not None:
            _set_status(world, session, status)


def qr_of(world: World, session: Session) -> str | None:
    """The text of the QR code that a session shows now; None when it shows none."""
    if session.status != "qr":
        return None
    return qr_code(session.session_id, seconds_between(session.qr_since, world.clock.now()))


def _new(world: World, session_id: str) -> Session:
    session = Session(
        session_id=session_id,
        status="disconnected",
        lid=None,
        is_paired=False,
        sees_phones=True,
        qr_since=world.clock.now(),
    )
    world.sessions[session_id] = session
    return session


@contextmanager
def _telling(world: World, session: Session) -> Iterator[None]:
    """Tells of a status or a number that is another one at the end."""
    before = session.status, session.lid
    yield
    if (session.status, session.lid) != before:
        world.tell(StatusChanged(session, world.clock.now()))


def _set_status(world: World, session: Session, status: str) -> None:
    session.is_paired = status not in ("qr", "logged_out")
    if not session.is_paired:
        session.lid = None
    if status == "qr":
        session.qr_since = world.clock.now()
    wire: dict[str, SessionStatus] = {
        "connected": "connected", "connecting": "connecting", "qr": "qr",
        "disconnected": "disconnected", "logged_out": "disconnected",
    }  # fmt: skip
    session.status = wire[status]
