"""Who asks: the application by its key, and a server or a user by a token signed with its secret."""

import hmac
from datetime import datetime
from typing import Any

import jwt

from sandbox.stage import Refused
from sandbox.stream import errors
from sandbox.stream.model import User
from sandbox.stream.world import ChatWorld


def check_key(given: str, expected: str) -> None:
    """:raises Refused: it is another application's"""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refused(errors.answer(errors.ACCESS_KEY, "api_key not found"))


def claims_of(token: str, secret: str, now: float) -> dict[str, Any]:
    """What a token says. :raises Refused: it is not signed with the secret, or not good at this moment"""
    try:
        claims: dict[str, Any] = jwt.decode(token, secret, algorithms=["HS256"], options=_ONLY_SIGNATURE)
    except jwt.InvalidTokenError as error:
        raise Refused(errors.answer(errors.TOKEN_SIGNATURE, "Token signature is invalid")) from error
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if not all(isinstance(at, int) for at in times.values()):
        raise Refused(errors.answer(errors.TOKEN_BEFORE_ISSUED, "times in tokens must be whole seconds"))
    if times.get("exp", now + 1) <= now:
        raise Refused(errors.answer(errors.TOKEN_EXPIRED, "Token is expired"))
    if times.get("nbf", now) > now + 1:
        raise Refused(errors.answer(errors.TOKEN_NOT_YET, "Token is not valid yet"))
    if times.get("iat", now) > now + 1:
        raise Refused(errors.answer(errors.TOKEN_BEFORE_ISSUED, "Token used before issue at (iat)"))
    return claims


_ONLY_SIGNATURE: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


def caller(world: ChatWorld, claims: dict[str, Any]) -> User | None:
    """The user of a token, None for a server's. :raises Refused: it names no living user, or was revoked"""
    user_id = claims.get("user_id")
    if user_id is None:
        if claims.get("server") is not True:
            raise Refused(errors.answer(errors.AUTHENTICATION, "the token names neither a server nor a user"))
        return None
    user = world.users.get(str(user_id))
    if user is None:
        raise Refused(errors.answer(errors.AUTHENTICATION, f"the user {user_id} does not exist", 401))
    if user.gone:
        raise Refused(errors.answer(errors.DOES_NOT_EXIST, f"the user {user_id} was {user.gone}"))
    limits = [world.app.get("revoke_tokens_issued_before"), user.revoked_before]
    if any(claims.get("iat", 0) < datetime.fromisoformat(limit).timestamp() for limit in limits if limit):
        raise Refused(errors.answer(errors.TOKEN_EXPIRED, "Token was revoked"))
    return user
