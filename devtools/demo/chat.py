"""The story of chat: a company that Stream does not know talks to a person whom it does not know, on the first call."""

from typing import Any

from stream_chat import StreamChat

from devtools.demo.people import Person
from devtools.demo.telling import Telling
from devtools.stack import Context
from sandbox.client import Sandbox

Json = Any
_COMPANY, _USER = "org_globex", "user_grace"
_OPEN = "/chat/conversations"


class ChatStory:
    """Globex opens a conversation with Grace, while Stream hides new users from channels."""

    def __init__(self, context: Context, telling: Telling) -> None:
        self._context, self._tell = context, telling
        self._sandbox = Sandbox(context.sandbox)
        self._linus = Person(context.web, self._sandbox, "user_linus", _COMPANY)
        self._grace = Person(context.web, self._sandbox, _USER, "org_acme")
        self._ada = Person(context.web, self._sandbox, "user_ada", "org_acme")
        self._wish = {"participants": [{"kind": "company", "id": _COMPANY}, {"kind": "user", "id": _USER}]}

    def tell(self) -> None:
        """All of it. :raises Problem: a line is not true"""
        self._stream_knows_nobody()
        conversation = self._the_first_call_makes_it()
        self._grace_answers(conversation)
        self._nobody_else_sees_it(conversation)
        self._known_people_cost_one_call()

    def _stream_knows_nobody(self) -> None:
        users = self._sandbox.stream.users()
        self._tell.check("Stream knows neither Globex nor Grace", [who for who in users if "grace" in who], [])
        self._sandbox.stream.hide_new_users(operations=2)
        self._tell.note("From now on, Stream hides new users from the first two operations that name them.")

    def _the_first_call_makes_it(self) -> Json:
        answer = self._linus.ask("POST", _OPEN, self._wish)
        conversation = answer.json()
        self._tell.check(
            "Linus opens a conversation for Globex, in one call",
            (answer.status_code, conversation["status"]),
            (201, "ready"),
        )
        asked = self._sandbox.journal(service="stream", operation="get_or_create_channel")
        self._tell.check(
            "Meanwhile Stream said twice that users do not exist", [one.status for one in asked], [400, 400, 201]
        )
        names = [seat["name"] for seat in conversation["participants"] if seat["is_member"]]
        self._tell.check("Both are in the channel", names, ["Globex Institute", "Grace Hopper"])
        return conversation

    def _grace_answers(self, conversation: Json) -> None:
        token = self._grace.post("/chat/token", {"as": "user"})
        browser = StreamChat(
            token["api_key"], "a browser has no secret, only a token", base_url=self._sandbox.stream.url
        )
        browser.auth_token = token["token"]
        channel = browser.channel(conversation["channel_type"], conversation["channel_id"])
        sent = channel.send_message({"text": "Hello Globex"}, token["user_id"])
        self._tell.check(
            "Grace answers from her browser, with a token of ours", sent["message"]["text"], "Hello Globex"
        )
        path = f"{_OPEN}/{conversation['id']}"
        seen = self._linus.follow(path, lambda seen: seen["last_message_at"], "Stream's webhook")
        self._tell.check("Stream's webhook tells when she spoke", seen["last_message_at"] is not None, True)

    def _nobody_else_sees_it(self, conversation: Json) -> None:
        path = f"{_OPEN}/{conversation['id']}"
        seen = [person.ask("GET", path).status_code for person in (self._grace, self._linus, self._ada)]
        self._tell.check("Grace and Globex see it, Ada of another company does not", seen, [200, 200, 404])

    def _known_people_cost_one_call(self) -> None:
        self._sandbox.clear_journal()
        answer = self._linus.ask("POST", _OPEN, self._wish)
        asked = [one.operation for one in self._sandbox.journal(service="stream")]
        self._tell.check(
            "Opened again it is the same one, for one request",
            (answer.status_code, asked),
            (200, ["get_or_create_channel"]),
        )
