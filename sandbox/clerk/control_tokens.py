"""Control of session tokens: on demand, sound or broken; new keys."""

from flask import request

from sandbox.clerk.keys import KEY_NAMES, Key
from sandbox.clerk.signing import ALGORITHMS, sign
from sandbox.clerk.tokens import Wish, claims_for
from sandbox.control import Route
from sandbox.fields import Fields
from sandbox.lab import Lab
from sandbox.problems import Json, bad_input


def issue_token(lab: Lab, fields: Fields) -> Json:
    """A session token, sound or broken in the way that was asked for."""
    wish = _wish(fields)
    key = _key(lab, fields)
    algorithm = fields.choice("alg", ALGORITHMS, "RS256")
    kid = fields.text_or_none("kid") or key.kid
    fields.done()
    claims = claims_for(wish, issuer(lab))
    return {"token": sign(key, claims, algorithm=algorithm, kid=kid), "kid": kid, "claims": claims}


def rotate_key(lab: Lab, fields: Fields) -> Json:
    """Sign with a new key; the old one stays in the key set unless `keep_old` is false."""
    keep_old = fields.flag("keep_old", default=True)
    fields.done()
    return {"kid": lab.keys.rotate(keep_old=keep_old).kid}


def issuer(lab: Lab) -> str:
    """The `iss` of tokens: this sandbox's own address."""
    return f"{lab.settings.base_url or request.host_url.rstrip('/')}/clerk"


def _wish(fields: Fields) -> Wish:
    version = fields.count_or_none("version") or 2
    if version not in (1, 2):
        raise bad_input("version must be 1 or 2")
    expires_in = fields.number_or_none("expires_in", least=-1e9)
    return Wish(
        sub=fields.text("sub"),
        org_id=fields.text_or_none("org_id"),
        org_role=fields.text_or_none("org_role"),
        org_slug=fields.text_or_none("org_slug"),
        version=version,
        expires_in=60 if expires_in is None else expires_in,
        claims=fields.mapping("claims"),
    )


def _key(lab: Lab, fields: Fields) -> Key:
    name = fields.choice("key", KEY_NAMES, "current")
    return lab.keys.get(next(known for known in KEY_NAMES if known == name))


ROUTES: list[Route] = [
    ("POST", "/tokens", issue_token),
    ("POST", "/clerk/rotate-key", rotate_key),
]
