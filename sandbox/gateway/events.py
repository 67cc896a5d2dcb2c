"""What the gateway tells by itself: a copy of each event from each session that sees it, as that session sees it."""

import random
from collections.abc import Mapping

from sandbox.clock import epoch_milliseconds, shift
from sandbox.gateway import spelling
from sandbox.gateway.model import Happening, MembersChanged, Message, SendRefused, Session
from sandbox.gateway.seen import SeenPerson
from sandbox.gateway.world import World
from sandbox.problems import Json
from sandbox.stage import Event

#: How many seconds after the fact a session may post its copy. Each session keeps to its own.
_LAGS: Mapping[str, tuple[float, float]] = {"happened": (0, 0), "emitted": (0.001, 0.04), "emitted_late": (0.5, 1.5)}


def events_of(world: World, happening: Happening) -> list[Event]:
    """What is posted about something that has just happened."""
    if isinstance(happening, MembersChanged):
        return _members_changed(world, happening)
    if isinstance(happening, SendRefused):
        return [_send_refused(happening.message)]
    return [_status_changed(world, happening.session, happening.at)]


def _members_changed(world: World, change: MembersChanged) -> list[Event]:
    sessions = _witnesses(world, change)
    return [_member_changed(world, change, lid, session) for lid in change.lids for session in sessions]


def _witnesses(world: World, change: MembersChanged) -> list[Session]:
    """The connected sessions in the group; those that have just left it know as much."""
    inside = {*change.group.members, *change.lids}
    found = [one for one in world.sessions.values() if one.status == "connected" and one.lid in inside]
    return found[:1] if world.style["event_copies"] == "first_session" else found


def _member_changed(world: World, change: MembersChanged, lid: str, session: Session) -> Event:
    person = SeenPerson(lid, world.phone_shown_to(session, lid), is_admin=False, is_super_admin=False)
    body = {
        "event": change.action,
        "sessionId": session.session_id,
        "groupJid": change.group.jid,
        "participant": spelling.event_participant(world.style, person),
        "timestamp": _stamp(world, session, change.at),
    }
    return Event(change.action, session.session_id, change.group.jid, body)


def _status_changed(world: World, session: Session, at: str) -> Event:
    phone = world.own_phone(session)
    body = {
        "sessionId": session.session_id,
        "status": session.status,
        **({"phoneNumber": phone} if phone else {}),
        "timestamp": _stamp(world, session, at),
    }
    return Event("status", session.session_id, None, body)


def _send_refused(message: Message) -> Event:
    body = {
        "event": "message_error",
        "sessionId": message.session_id,
        "messageId": message.message_id,
        "errorCode": message.error_code,
        "errorMessage": message.error_message,
        "groupJid": message.to,
    }
    return Event("message_error", message.session_id, message.to, body)


def _stamp(world: World, session: Session, at: str) -> Json:
    """The time that a session writes, by the gateway's clock. JavaScript's clocks end at milliseconds."""
    least, most = _LAGS[world.style["event_stamp"]]
    lag = random.Random(f"{world.names.seed}:{session.session_id}").uniform(least, most)
    instant = shift(at, lag + world.clock_offset)
    is_whole = world.style["event_precision"] == "whole_seconds"
    milliseconds = epoch_milliseconds(instant)
    match world.style["event_time"]:
        case "milliseconds":
            return milliseconds // 1000 * 1000 if is_whole else milliseconds
        case "seconds":
            return milliseconds // 1000 if is_whole else milliseconds / 1000
        case _:
            return f"{instant[:19] if is_whole else instant[:23]}Z"
