"""The calls. Contract: docs/chat.md."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
import urllib3
from django.conf import settings
from stream_chat import StreamChat
from stream_chat.base.exceptions import StreamAPIException

from chat.client import errors, limits
from chat.client.results import Channel, IssuedToken, Pace, StreamUser
from common import vendors
from common.vendors import Invalid, RetrySoon

#: Most users in one call, and most members of a channel that is being created.
MOST_USERS = 100
#: Tokens are issued as if a little earlier: one that is used before it was issued, by Stream's clock, is refused.
_CLOCK_LEEWAY = timedelta(seconds=5)
_CONNECT_TIMEOUT = 3.05

Answer = Callable[[StreamChat], Any]


class StreamClient:
    """
    Our application in Stream. Ids are Stream's own.

    Every answer, HTML with status 200 included, ends as a result or as one error of the family in `common.vendors` and
    `chat.client.errors`. Retrying is the caller's business. Each call takes `patience()` seconds at most, and
    `settings.STREAM_TIMEOUT`, from the connection to the last byte. `pace` is what the last call left of its limit.
    """

    def __init__(self, patience: Callable[[], float] | None = None) -> None:
        self._patience = patience
        self.pace: Pace | None = None

    def upsert_users(self, profiles: Sequence[Mapping[str, str]]) -> frozenset[str]:
        """
        Make or replace up to 100 users, all or none; answers whom Stream confirmed.

        :raises UsersGone: one of them was deleted or deactivated
        """
        sent = [str(profile["id"]) for profile in profiles]
        body = self._call(lambda sdk: sdk.upsert_users([dict(profile) for profile in profiles]), sent)
        return frozenset(_object(body, "users")) & frozenset(sent)

    def create_channel(
        self, channel_type: str, channel_id: str, *, creator: str, members: Mapping[str, str], data: Mapping[str, str]
    ) -> Channel:
        """
        The channel as it is; made with these members (id → role in the channel) if there was none.

        :raises UsersMissing: it was not made: some members do not exist, or not yet
        """
        custom = {**data, "members": _members(members)}
        body = self._call(lambda sdk: sdk.channel(channel_type, channel_id, custom).create(creator), members)
        return Channel(f"{channel_type}:{channel_id}", _roles(body))

    def add_members(self, channel_type: str, channel_id: str, members: Mapping[str, str]) -> Channel:
        """Bring people in; answers everybody who is in now. :raises UsersMissing: nobody came in, some do not exist"""
        body = self._call(lambda sdk: sdk.channel(channel_type, channel_id).add_members(_members(members)), members)
        return Channel(f"{channel_type}:{channel_id}", _roles(body))

    def assign_roles(self, channel_type: str, channel_id: str, roles: Mapping[str, str]) -> Channel:
        """Change the roles of members, which `add_members` leaves as they are."""
        body = self._call(lambda sdk: sdk.channel(channel_type, channel_id).assign_roles(_members(roles)), roles)
        return Channel(f"{channel_type}:{channel_id}", _roles(body))

    def remove_member(self, channel_type: str, channel_id: str, stream_id: str) -> None:
        """Take somebody out; somebody who is not in stays so. :raises ChannelNotThere: there is no such channel"""
        self._call(lambda sdk: sdk.channel(channel_type, channel_id).remove_members([stream_id]), [stream_id])

    def query_users(self, stream_ids: Sequence[str]) -> dict[str, StreamUser]:
        """Those of up to 100 users whom Stream has, the deactivated ones too; the deleted ones are not told."""
        wanted = {"id": {"$in": list(stream_ids)}}
        options: dict[str, Any] = {"limit": MOST_USERS, "include_deactivated_users": True}
        rows = self._call(lambda sdk: sdk.query_users(wanted, **options), stream_ids).get("users")
        if not isinstance(rows, list):
            raise RetrySoon("Stream gave an answer without a list of users")
        return {
            str(row.get("id")): StreamUser(str(row.get("id")), row, bool(row.get("deactivated_at")))
            for row in rows
            if isinstance(row, dict)
        }

    def delete_user(self, stream_id: str) -> None:
        """
        Delete a user for good, with all their messages; somebody whom Stream does not have stays so.

        :raises UsersGone: Stream does not delete whom it has deactivated
        """
        self._if_there(lambda sdk: sdk.delete_user(stream_id, hard_delete=True, mark_messages_deleted=True), stream_id)

    def revoke_tokens(self, stream_id: str, *, issued_before: datetime) -> None:
        """
        Let a user's older tokens open nothing any more; somebody whom Stream does not have has none.

        :raises UsersGone: they are deactivated, and may come back
        """
        self._if_there(lambda sdk: sdk.revoke_user_token(stream_id, issued_before), stream_id)

    def _if_there(self, ask: Answer, stream_id: str) -> None:
        """A call about one user, of no use once they are deleted. :raises UsersGone: they are deactivated"""
        try:
            self._call(ask, [stream_id])
        except errors.NotThere:
            return
        except errors.UsersGone as error:
            if not error.is_deleted:
                raise

    def check(self) -> None:
        """Whether Stream takes our key and secret. :raises Misconfigured: it does not"""
        self._call(lambda sdk: sdk.get_app_settings(), [])

    def issue_token(self, stream_id: str) -> IssuedToken:
        """A token for a browser, made here without asking Stream. Whole seconds, or Stream could not revoke it."""
        now = datetime.now(UTC)
        expires = int(now.timestamp()) + settings.CHAT_TOKEN_SECONDS
        issued = int((now - _CLOCK_LEEWAY).timestamp())
        token = _connection().sdk.create_token(stream_id, exp=expires, iat=issued)
        return IssuedToken(token, datetime.fromtimestamp(expires, UTC))

    def _call(self, ask: Answer, sent: Collection[str]) -> Mapping[str, Any]:
        """:raises VendorError: it was refused, or gave no usable answer"""
        if not (settings.STREAM_API_KEY and settings.STREAM_API_SECRET):
            raise errors.Misconfigured("STREAM_API_KEY or STREAM_API_SECRET is not set.")
        connection = _connection()
        patience = min(settings.STREAM_TIMEOUT, self._patience() if self._patience else settings.STREAM_TIMEOUT)
        connection.sdk.timeout = urllib3.Timeout(connect=min(_CONNECT_TIMEOUT, patience), total=patience)  # type: ignore[assignment]  # requests takes it
        connection.headers = {}
        try:
            body = ask(connection.sdk)
        except StreamAPIException as error:
            raise _refusal(error, connection.headers, sent) from error
        except requests.RequestException as error:
            raise RetrySoon(f"Stream did not answer ({type(error).__name__})") from error
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            raise RetrySoon(f"Stream gave an answer that the SDK cannot read ({type(error).__name__})") from error
        self.pace = limits.pace(connection.headers)
        return body if isinstance(body, dict) else {}


class _Connection(threading.local):
    """The SDK with its session, one for each thread, and the headers of its last answer, which its errors lack."""

    sdk: StreamChat
    headers: Mapping[str, str]
    made_for: tuple[str, ...] = ()


_local = _Connection()


def _connection() -> _Connection:
    wanted = (settings.STREAM_API_KEY, settings.STREAM_API_SECRET, settings.STREAM_BASE_URL)
    if _local.made_for != wanted:
        key, secret, url = wanted
        session = vendors.timed_session()
        session.hooks["response"].append(_note_headers)
        _local.sdk = StreamChat(key, secret, base_url=url.rstrip("/"))
        _local.sdk.set_http_session(session)
        _local.made_for = wanted
    return _local


def _note_headers(response: requests.Response, *args: Any, **kwargs: Any) -> None:
    _local.headers = response.headers


def _refusal(error: StreamAPIException, headers: Mapping[str, str], sent: Collection[str]) -> vendors.VendorError:
    code = getattr(error, "error_code", None)
    code = code if isinstance(code, int) and not isinstance(code, bool) else None
    text = str(getattr(error, "error_message", "")) or error.response_text
    if not error.json_response and error.status_code == 413:
        return Invalid("413: the request is too large for Stream")
    return errors.of_answer(status=error.status_code, code=code, text=text, sent=sent, wait=limits.wait(headers))


def _members(roles: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"user_id": stream_id, "channel_role": role} for stream_id, role in roles.items()]


def _roles(body: Mapping[str, Any]) -> dict[str, str]:
    """Who is in a channel. :raises RetrySoon: the answer does not say"""
    rows = body.get("members")
    if not isinstance(rows, list):
        raise RetrySoon("Stream gave an answer without a list of members")
    found = [row for row in rows if isinstance(row, dict) and isinstance(row.get("user_id"), str)]
    return {row["user_id"]: str(row.get("channel_role") or "") for row in found}


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    if not isinstance(found, dict):
        raise RetrySoon(f"Stream gave an answer without {name}")
    return found
