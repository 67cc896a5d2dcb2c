"""What the gateway does: one function for each row of its contract."""

from sandbox.faults import Fault
from sandbox.gateway import communities, faults, seen, sessions, spelling
from sandbox.gateway.model import Creation, Group, Message, SendRefused, Session
from sandbox.gateway.world import World
from sandbox.problems import Json
from sandbox.stage import CUT, Answer, Call, Refused, json_answer

_PARENT_REFUSED = (420, "Community parents take no messages")


def connect(world: World, call: Call, fault: Fault | None) -> Answer:
    """Start a session, known or new."""
    session = sessions.connect(world, _text(call, "sessionId"))
    return json_answer({"success": True, "sessionId": session.session_id, "status": session.status})


def status(world: World, call: Call, fault: Fault | None) -> Answer:
    """A session's state, with its QR code or its number."""
    session = _session(world, call)
    answer = {"sessionId": session.session_id, "status": session.status}
    if code := sessions.qr_of(world, session):
        answer[world.style["qr"]] = code
    if phone := world.own_phone(session):
        answer["phoneNumber"] = phone
    return json_answer(answer)


def disconnect(world: World, call: Call, fault: Fault | None) -> Answer:
    """Log a session out."""
    sessions.log_out(world, _session(world, call))
    return json_answer({"success": True})


def health(world: World, call: Call, fault: Fault | None) -> Answer:
    """That the gateway lives."""
    connected = sum(session.status == "connected" for session in world.sessions.values())
    return json_answer({"status": "ok", "sessions": len(world.sessions), "connected": connected})


def list_groups(world: World, call: Call, fault: Fault | None) -> Answer:
    """The groups that a session is in."""
    session = _connected(world, call)
    as_of = faults.as_of(fault, world.clock.now())
    listed = [found for found in seen.groups(world, session, as_of) if _is_listed(found.group)]
    with_links = call.query.get("includeInviteLinks", "").lower() == "true"
    found = faults.twist_groups(fault, listed)
    return json_answer(spelling.group_list(world.style, found, with_links=with_links))


def list_participants(world: World, call: Call, fault: Fault | None) -> Answer:
    """The people in a group, as the session sees them."""
    session = _connected(world, call)
    group = _group(world, session, call)
    if group.kind == "parent" and world.style["parent_list"] == "item_not_found":
        raise _refused(500, "item-not-found")
    everybody = seen.people(world, session, group, faults.as_of(fault, world.clock.now()))
    people, total = faults.twist_people(fault, session, everybody)
    return json_answer(spelling.participants(world.style, group, people, total))


def add_participants(world: World, call: Call, fault: Fault | None) -> Answer:
    """Adding people, admins included, is refused: they are invited by link."""
    _group(world, _connected(world, call), call)
    raise _refused(403, "not-authorized")


def invite(world: World, call: Call, fault: Fault | None) -> Answer:
    """A group's invite link, for its admins."""
    session = _connected(world, call)
    group = _group(world, session, call)
    if not seen.is_admin(world, session, group):
        raise _refused(403, "not-authorized: the session is not an admin")
    return json_answer(spelling.invite(world.style, group))


def create_community(world: World, call: Call, fault: Fault | None) -> Answer:
    """A new community at each call, unless Idempotency-Keys are honoured."""
    session = _connected(world, call)
    creation = _creation(session, call)
    if faults.is_kind(fault, "late_effect"):
        communities.create_later(world, creation, faults.param(fault, "late_effect", "seconds"))
        return CUT
    parent = communities.create(world, creation)
    announcement = world.announcement_of(parent)
    faults.twist_creation(fault, parent, announcement)
    has_admins = bool(creation.invited_admins)
    return json_answer(spelling.created(world.style, parent, announcement, has_admins=has_admins))


def send(world: World, call: Call, fault: Fault | None) -> Answer:
    """A message; one to a community's parent is taken and refused later."""
    session = _connected(world, call)
    to = _text(call, "phone")
    if to.endswith("@g.us") and seen.group(world, session, to) is None:
        raise _refused(500, "item-not-found")
    is_parent = to in world.groups and world.groups[to].kind == "parent"
    if is_parent and world.style["send_to_parent"] == "refused_at_once":
        raise _refused(*_PARENT_REFUSED)
    message = _message(world, session, call, to, _PARENT_REFUSED if is_parent else (None, None))
    world.add_message(message)
    if is_parent:
        world.tell(SendRefused(message))
    return json_answer({"success": True, "messageId": message.message_id})


def unknown(world: World, call: Call, fault: Fault | None) -> Answer:
    """Anything that is not in the contract."""
    raise _refused(404, "Not found")


def _is_listed(group: Group) -> bool:
    """Whether a group list shows the group; counts a list that does not."""
    is_listed = group.unlisted == 0
    if group.unlisted > 0:
        group.unlisted -= 1
    return is_listed


def _creation(session: Session, call: Call) -> Creation:
    body = call.body
    settings = body.get("settings") or {}
    numbers = body.get("adminNumbers") or []
    if not isinstance(settings, dict) or not isinstance(numbers, list):
        raise _refused(400, "settings must be an object and adminNumbers a list")
    return Creation(
        session_id=session.session_id,
        name=_text(call, "name"),
        description=str(body.get("description") or ""),
        picture_url=body.get("profilePictureUrl"),
        settings={str(name): bool(value) for name, value in settings.items()},
        invited_admins=[str(number) for number in numbers],
        idempotency_key=call.idempotency_key,
    )


def _message(
    world: World, session: Session, call: Call, to: str, refusal: tuple[int, str] | tuple[None, None]
) -> Message:
    return Message(
        message_id=world.names.message_id(),
        at=world.clock.now(),
        session_id=session.session_id,
        to=to,
        text=_text(call, "message"),
        media_url=call.body.get("mediaUrl"),
        error_code=refusal[0],
        error_message=refusal[1],
    )


def _session(world: World, call: Call) -> Session:
    session = world.sessions.get(call.session or _text(call, "sessionId"))
    if session is None:
        raise _refused(404, "Session not found")
    return session


def _connected(world: World, call: Call) -> Session:
    session = _session(world, call)
    if session.status != "connected":
        raise _refused(500, f"Session {session.session_id} is not connected")
    return session


def _group(world: World, session: Session, call: Call) -> Group:
    group = seen.group(world, session, call.group or "")
    if group is None:
        raise _refused(500, "item-not-found")
    return group


def _text(call: Call, name: str) -> str:
    value: Json = call.body.get(name) if isinstance(call.body, dict) else None
    if not isinstance(value, str) or not value.strip():
        raise _refused(400, f"{name} is required")
    return value


def _refused(status: int, error: str) -> Refused:
    return Refused(faults.refusal(status, error))
