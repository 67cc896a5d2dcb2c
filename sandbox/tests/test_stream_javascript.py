"""Stream as its JavaScript SDK meets it, on a server and in a browser. `./dev test` installs Node and the SDK."""

import hashlib
import hmac
import json
import os
import subprocess
from typing import Any

import pytest
from stream_chat import StreamChat

from devtools import javascript
from sandbox.client import Sandbox
from sandbox.tests.test_stream import KEY, SECRET

pytestmark = pytest.mark.skipif(
    not (javascript.is_ready() or os.environ.get("CI")), reason="./dev test installs the JavaScript SDK first"
)


def run(sandbox: Sandbox, scenario: str, *arguments: str, key: str = KEY) -> Any:
    """What a scenario of sdk.js saw."""
    command = javascript.node(str(javascript.FOLDER / "sdk.js"), scenario, sandbox.stream.url, key, SECRET, *arguments)
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_a_first_conversation(sandbox: Sandbox) -> None:
    seen = run(sandbox, "firstConversation")
    assert (seen["refused"]["code"], seen["refused"]["status"]) == (4, 400)
    assert "don't exist: [js_b]" in seen["refused"]["message"]
    assert seen["upserted"] == seen["members"] == ["js_a", "js_b"]
    assert seen["queried"] == ["js_b"]


def test_members_come_and_go(sandbox: Sandbox) -> None:
    seen = run(sandbox, "members")
    assert seen == {"again": ["js_a"], "added": ["js_a", "js_c"], "found": ["messaging:js-2"]}
    assert sandbox.stream.members("messaging:js-2")["js_c"] == "channel_moderator"


def test_users_end_and_come_back(sandbox: Sandbox) -> None:
    seen = run(sandbox, "endings")
    assert [refusal["code"] for refusal in seen["refusals"]] == [16, 16]
    assert seen["upserted"] == ["js_asleep", "js_gone"]


def test_a_browser_connects_and_hears_its_own_message(sandbox: Sandbox) -> None:
    sdk = StreamChat(KEY, SECRET, base_url=sandbox.stream.url)
    sdk.upsert_users([{"id": "ada"}, {"id": "bob"}])
    sdk.channel("messaging", "one", {"members": ["ada", "bob"]}).create("ada")
    seen = run(sandbox, "browser", "ada", sdk.create_token("ada"), "messaging:one")
    assert seen == {
        "me": "ada", "members": ["ada", "bob"], "sender": "ada", "events": ["Hello from the browser"],
        "mine": ["messaging:one"],
    }  # fmt: skip


def test_a_browser_with_a_forged_token_is_refused(sandbox: Sandbox) -> None:
    forged = StreamChat(KEY, "another-secret-of-at-least-32-bytes").create_token("ada")
    with pytest.raises(AssertionError, match="Token signature is invalid"):
        run(sandbox, "browser", "ada", forged, "messaging:one")


def test_it_takes_the_signature_of_webhooks(sandbox: Sandbox) -> None:
    body = '{"type": "message.new"}'
    signature = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    assert run(sandbox, "webhook", body, signature) == {"genuine": True, "forged": False}
