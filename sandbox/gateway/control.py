"""Control of the gateway's world: sessions, messages, spellings, the clock."""

from sandbox import styles
from sandbox.control import Route
from sandbox.fields import Fields
from sandbox.gateway import control_groups, sessions
from sandbox.gateway.described import session_json
from sandbox.gateway.variants import DEFAULT_STYLE, VARIANTS
from sandbox.lab import Lab
from sandbox.problems import Json, bad_input


def add_session(lab: Lab, fields: Fields) -> Json:
    """A session, connected unless told otherwise."""
    session_id, phone, lid = (fields.text_or_none(name) for name in ("sessionId", "phoneNumber", "lid"))
    status = fields.choice("status", sessions.SETTABLE, "connected")
    fields.done()
    added = sessions.add(lab.gateway, session_id=session_id, phone=phone, lid=lid, status=status)
    return session_json(lab.gateway, added)


def list_sessions(lab: Lab, fields: Fields) -> Json:
    """All sessions, oldest first."""
    return {"sessions": [session_json(lab.gateway, session) for session in lab.gateway.sessions.values()]}


def change_session(lab: Lab, fields: Fields, session_id: str) -> Json:
    """Scan, connect, lose, log out, or give another number."""
    session = lab.gateway.session(session_id)
    status = fields.choice("status", sessions.SETTABLE) if fields.holds("status") else None
    phone, sees_phones = fields.text_or_none("phoneNumber"), fields.flag_or_none("seesPhones")
    fields.done()
    sessions.change(lab.gateway, session, status=status, phone=phone, sees_phones=sees_phones)
    return session_json(lab.gateway, session)


def flap_session(lab: Lab, fields: Fields, session_id: str) -> Json:
    """Lose and find the connection, `count` changes in all."""
    session, count = lab.gateway.session(session_id), fields.count("count", least=1)
    fields.done()
    sessions.flap(lab.gateway, session, count)
    return session_json(lab.gateway, session)


def list_messages(lab: Lab, fields: Fields) -> Json:
    """The messages that were sent, with their refusals, oldest first."""
    return {"messages": [vars(message) for message in lab.gateway.messages]}


def set_clock(lab: Lab, fields: Fields) -> Json:
    """Let the gateway's own clock be `offsetSeconds` ahead, or behind when negative."""
    offset = fields.number_or_none("offsetSeconds", least=-1e9)
    fields.done()
    if offset is None:
        raise bad_input("offsetSeconds is missing")
    lab.gateway.clock_offset = offset
    return {"offsetSeconds": offset}


ROUTES: list[Route] = [
    ("POST", "/gateway/sessions", add_session),
    ("GET", "/gateway/sessions", list_sessions),
    ("PATCH", "/gateway/sessions/<session_id>", change_session),
    ("POST", "/gateway/sessions/<session_id>/flap", flap_session),
    ("GET", "/gateway/messages", list_messages),
    *styles.routes("gateway", world=lambda lab: lab.gateway, variants=VARIANTS, usual=DEFAULT_STYLE),
    ("POST", "/gateway/clock", set_clock),
    *control_groups.ROUTES,
]
