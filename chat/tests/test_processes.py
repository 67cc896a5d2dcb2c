"""With real processes: gunicorn, a Celery worker and beat; some are killed while Stream takes its time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from chat.models import Conversation
from chat.tests.conftest import Scene
from chat.tests.factories import conversation, participants, party, stream_id
from common import tenancy
from common.tests.processes import Product, running_product, wait_until
from conftest import issue_token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]

_CHANNEL = "get_or_create_channel"
#: Seconds that Stream takes. Nobody lives to see its answer, and yet it does the work, early or late.
_SLOW = 6.0


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """Rollcall with all of its processes."""
    with running_product(tmp_path) as product:
        product.start_redis()
        product.start_web()
        product.start_worker()
        product.start_beat()
        yield product


def ask(product: Product, scene: Scene) -> requests.Response:
    """Open the conversation of the company and the person over HTTP."""
    token = issue_token(scene.member.user_id, org_id=scene.member.organization_id)
    return requests.post(
        f"{product.web}/api/chat/conversations",
        json={"participants": [party(scene.company), party(scene.person)], "context": "workshop:7"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )


def check_made_once(scene: Scene) -> None:
    """One channel with both in it, and rows that say the same."""
    both = {stream_id(scene.company), stream_id(scene.person)}
    made = conversation()
    assert set(scene.sandbox.stream.channels()) == {made.cid}
    assert scene.channel_members() == both
    assert participants() == dict.fromkeys(both, True)
    assert (made.status, made.failures, made.error, made.missing) == ("ready", 0, "", [])
    assert (made.lease_until, made.run_after) == (None, None)
    assert set(scene.sandbox.stream.users()) == both


def give_up_at_once(scene: Scene) -> None:
    """Let the next request meet a limit that outlasts `CHAT_DEADLINE_SECONDS`."""
    scene.fault(_CHANNEL, "rate_limited", seconds=7)


def let_the_lease_end() -> None:
    """As if as much time had passed as its worker may take."""
    with tenancy.system():
        Conversation.objects.update(lease_until="2020-01-01T00:00:00Z")


def wait_for_the_end(scene: Scene) -> None:
    """It is ready, and the last of Stream's answers was given."""
    wait_until(lambda: conversation().is_ready, "the conversation", seconds=60)
    wait_until(lambda: all(call.status for call in scene.calls(_CHANNEL)), "Stream's late answer")


def test_what_a_request_gave_up_a_worker_finishes(product: Product, scene: Scene) -> None:
    """Fails without `start` in `sweep_conversations`."""
    give_up_at_once(scene)
    answer = ask(product, scene)
    assert (answer.status_code, answer.json()["status"]) == (202, "creating")
    wait_for_the_end(scene)
    check_made_once(scene)


@pytest.mark.parametrize("fault", ["delay", "timeout_after_commit"])
def test_f42_a_worker_killed_in_the_middle_leaves_one_conversation(product: Product, scene: Scene, fault: str) -> None:
    """
    Before and after Stream has made the channel.

    Fails without `lease_until` in `JobQuerySet.due`: the row would stay `creating` for ever.
    """
    give_up_at_once(scene)
    scene.fault(_CHANNEL, fault, seconds=_SLOW)
    assert ask(product, scene).status_code == 202
    wait_until(lambda: len(scene.calls(_CHANNEL)) == 2, "the worker's request", seconds=60)
    product.kill("worker")
    assert conversation().status == "creating"
    let_the_lease_end()
    product.start_worker()
    wait_for_the_end(scene)
    check_made_once(scene)


def test_f42_a_request_killed_in_the_middle_is_finished_by_a_worker(product: Product, scene: Scene) -> None:
    """Fails without the lease that `open_conversation` takes: nothing else knows of a request that has died."""
    scene.fault(_CHANNEL, "timeout_after_commit", seconds=_SLOW)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, product, scene)
        wait_until(lambda: scene.calls(_CHANNEL), "the request")
        product.kill("web")
        assert isinstance(asked.exception(), requests.ConnectionError)
    assert conversation().status == "creating"
    let_the_lease_end()
    wait_for_the_end(scene)
    check_made_once(scene)
