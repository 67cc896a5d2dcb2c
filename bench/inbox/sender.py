"""A sender like a WhatsApp gateway: one small event in a request, signed over its raw bytes."""

import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime

from webhooks.signatures import is_hex_hmac
from webhooks.sources import Event, Refused, Request, Source, json_object

PATH = "/webhooks/bench"
_SECRET = "a secret of the benchmarks"
_HEADER = "X-Hub-Signature-256"


def new_body() -> bytes:
    """One event that was never sent before."""
    return json.dumps(
        {
            "event": "join",
            "id": str(uuid.uuid4()),
            "sessionId": "wa_0f8fad5b-d9cb-469f-a165-70867728950e",
            "groupJid": "120363041234567890@g.us",
            "participant": {"id": "173012345678901@lid", "phone": "919812345678"},
            "timestamp": datetime.now(UTC).isoformat(),
        }
    ).encode()


def new_request(path: str) -> bytes:
    """The whole of a signed request, as it goes over the wire."""
    body = new_body()
    signature = hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}{_HEADER}: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def verify(request: Request) -> None:
    """As a source of the product does."""
    given = request.headers.get(_HEADER, "").removeprefix("sha256=")
    if not is_hex_hmac(given, body=request.body, secrets=[_SECRET], algorithm="sha256"):
        raise Refused(401, "wrong_signature")


def read(request: Request) -> list[Event]:
    """One event."""
    found = json_object(request.body)
    return [Event("join", str(found["id"]), found, datetime.fromisoformat(found["timestamp"]))]


def do_nothing(event: Event) -> None:
    """What is measured is everything else."""


SOURCE = Source(verify=verify, read=read, handlers={"join": do_nothing}, secret_fields=frozenset({"apiKey", "token"}))
