"""A browser with Stream's own JavaScript SDK and a token of ours."""

import os
from typing import Any

import pytest

from chat.tests.conftest import Scene
from chat.tests.factories import conversation, stream_id
from conftest import issue_token
from devtools import javascript
from sandbox.tests.test_stream_javascript import run

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (javascript.is_ready() or os.environ.get("CI")), reason="./dev test installs the JavaScript SDK first"
    ),
]


def test_the_person_connects_with_our_token_and_speaks_in_the_conversation(scene: Scene) -> None:
    scene.open()
    client = scene.api(token=issue_token(scene.person.pk))
    token = client.post("/api/chat/token", {"as": "user"}, format="json").data
    seen = run(scene.sandbox, "browser", token["user_id"], token["token"], conversation().cid, key=token["api_key"])
    assert seen["me"] == seen["sender"] == stream_id(scene.person)
    assert seen["events"] == ["Hello from the browser"]
    assert seen["mine"] == [conversation().cid]


@pytest.mark.parametrize(("role", "sees"), [("user", False), ("admin", True)])
def test_a_company_reaches_the_conversations_of_others_only_as_an_admin(
    scene: Scene, settings: Any, role: str, sees: bool
) -> None:
    settings.STREAM_COMPANY_ROLE = role
    scene.open()
    theirs = conversation().cid
    other = type(scene)(scene.sandbox, scene.api)
    token = other.post("/api/chat/token", {"as": "company"}).data

    def browse() -> Any:
        return run(scene.sandbox, "browser", token["user_id"], token["token"], theirs, key=token["api_key"])

    if sees:
        assert browse()["me"] == stream_id(other.company)
    else:
        with pytest.raises(AssertionError, match="not allowed to access"):
            browse()
