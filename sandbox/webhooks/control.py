"""Control of webhooks: how they are sent, what was and will be sent, and how it shall go wrong."""

import base64
import binascii

from sandbox.control import Route, read_filters
from sandbox.fields import Fields
from sandbox.lab import Lab
from sandbox.problems import Json, bad_input
from sandbox.webhooks.deliveries import Delivery, described
from sandbox.webhooks.mischief import catalogue
from sandbox.webhooks.outbox import JSON_HEADERS, ORDERS, Post
from sandbox.webhooks.signing import FORMS
from sandbox.webhooks.switches import check_url

_PATIENCE = 10
_LONGEST_FLUSH = 600


def read_webhooks(lab: Lab, fields: Fields) -> Json:
    """How webhooks are sent, and how many wait."""
    return {**lab.outbox.switches.described(), "pending": lab.outbox.pending(), "signatures": list(FORMS)}


def change_webhooks(lab: Lab, fields: Fields) -> Json:
    """Send them differently; what is not named stays."""
    lab.outbox.switch(lab.outbox.switches.changed(fields))
    return read_webhooks(lab, fields)


def list_deliveries(lab: Lab, fields: Fields) -> Json:
    """The deliveries that fit the query, oldest first."""
    after, last, equal = read_filters("event", "session", "group", "state", "copy_of")
    return _deliveries(lab, lab.outbox.log.find(after=after, last=last, **equal))


def clear_deliveries(lab: Lab, fields: Fields) -> Json:
    """Forget the deliveries that wait for nothing."""
    lab.outbox.log.clear()
    return _deliveries(lab, lab.outbox.log.find())


def flush_webhooks(lab: Lab, fields: Fields) -> Json:
    """Wait until everything is sent."""
    seconds, hurry = fields.number_or_none("seconds", 0, _LONGEST_FLUSH), fields.flag("hurry")
    fields.done()
    lab.outbox.flush(_PATIENCE if seconds is None else seconds, hurry=hurry)
    return {"pending": lab.outbox.pending()}


def release_deliveries(lab: Lab, fields: Fields) -> Json:
    """Send what is held."""
    ids, order, seed = _choice(fields)
    return _deliveries(lab, lab.outbox.release(ids, order=order, seed=seed))


def take_deliveries(lab: Lab, fields: Fields) -> Json:
    """Give what is held to the caller, who delivers it."""
    ids, order, seed = _choice(fields)
    return {"posts": [_post(post) for post in lab.outbox.hand_over(ids, order=order, seed=seed)]}


def drop_deliveries(lab: Lab, fields: Fields) -> Json:
    """Lose what is held."""
    ids = fields.ids_or_none("ids")
    fields.done()
    return _deliveries(lab, lab.outbox.drop(ids))


def replay_deliveries(lab: Lab, fields: Fields) -> Json:
    """Send the same bodies once more, to where webhooks go now."""
    ids = fields.ids_or_none("ids")
    fields.done()
    if not ids:
        raise bad_input("ids must be a list of whole numbers, with at least one")
    return _deliveries(lab, lab.outbox.replay(ids, lab.outbox.switches.url))


def post_raw(lab: Lab, fields: Fields) -> Json:
    """Send this body with these headers, as they are."""
    body, is_signed = _body(fields), fields.flag("sign")
    headers = fields.mapping("headers") if fields.holds("headers") else JSON_HEADERS
    url = fields.text_or_none("url") or lab.outbox.switches.url
    fields.done()
    if not url:
        raise bad_input("there is no url to post to")
    if not all(isinstance(value, str) for value in headers.values()):
        raise bad_input("headers must be texts")
    return _described(lab, lab.outbox.post_raw(body, headers, url=check_url(url), is_signed=is_signed))


def add_rule(lab: Lab, fields: Fields) -> Json:
    """Misbehave."""
    return vars(lab.outbox.add_rule(fields))


def list_rules(lab: Lab, fields: Fields) -> Json:
    """How they misbehave now."""
    return {"rules": [vars(rule) for rule in lab.outbox.board.list()]}


def rule_catalogue(lab: Lab, fields: Fields) -> Json:
    """How they can misbehave."""
    return catalogue()


def clear_rules(lab: Lab, fields: Fields) -> Json:
    """Behave; what was gathered is sent."""
    lab.outbox.clear_rules()
    return list_rules(lab, fields)


def clear_rule(lab: Lab, fields: Fields, rule_id: int) -> Json:
    """Take back one rule."""
    lab.outbox.clear_rules(rule_id)
    return list_rules(lab, fields)


def _choice(fields: Fields) -> tuple[list[int] | None, str, int]:
    """Which deliveries (None: all that are held), in which order, with which seed for shuffling."""
    ids, order = fields.ids_or_none("ids"), fields.choice("order", ORDERS, "given")
    seed = fields.count_or_none("seed", most=2**31) or 0
    fields.done()
    return ids, order, seed


def _body(fields: Fields) -> bytes:
    text, encoded = fields.text_or_none("body"), fields.text_or_none("body_base64")
    if (text is None) == (encoded is None):
        raise bad_input("give either body or body_base64")
    if encoded is None:
        return (text or "").encode()
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise bad_input("body_base64 is not base64") from error


def _deliveries(lab: Lab, deliveries: list[Delivery]) -> Json:
    return {"deliveries": [_described(lab, delivery) for delivery in deliveries]}


def _described(lab: Lab, delivery: Delivery) -> Json:
    return described(delivery, lab.outbox.secrets)


def _post(post: Post) -> Json:
    body = base64.b64encode(post.body).decode()
    return {"id": post.delivery.id, "url": post.url, "headers": dict(post.headers), "body_base64": body}


_RULES = "/webhooks/mischief"
ROUTES: list[Route] = [
    ("GET", "/webhooks", read_webhooks),
    ("POST", "/webhooks", change_webhooks),
    ("GET", "/webhooks/deliveries", list_deliveries),
    ("DELETE", "/webhooks/deliveries", clear_deliveries),
    ("POST", "/webhooks/flush", flush_webhooks),
    ("POST", "/webhooks/release", release_deliveries),
    ("POST", "/webhooks/take", take_deliveries),
    ("POST", "/webhooks/drop", drop_deliveries),
    ("POST", "/webhooks/replay", replay_deliveries),
    ("POST", "/webhooks/raw", post_raw),
    ("POST", _RULES, add_rule),
    ("GET", _RULES, list_rules),
    ("GET", f"{_RULES}/kinds", rule_catalogue),
    ("DELETE", _RULES, clear_rules),
    ("DELETE", f"{_RULES}/<int:rule_id>", clear_rule),
]
