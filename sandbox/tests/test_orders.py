"""The order platform posts what it was asked for."""

import json

import pytest

from sandbox.client import Sandbox, SandboxError
from sandbox.tests.receiver import Receiver

NAMES = ["Crypto <> 4TH February", "Pottery <> 5TH February"]
SECRET = "whsec_bmV3IG9uZSBvZiB0aGVtLi4u"


@pytest.mark.parametrize("platform", ["tagmango", "relay", "signed", "razorpay"])
def test_every_platform_posts_its_orders(sandbox: Sandbox, receiver: Receiver, platform: str) -> None:
    made = sandbox.orders.post(platform, receiver.url, count=6, workshops=NAMES, secret=SECRET)
    assert sandbox.orders.flush() == {"200": 6}
    assert [order.workshop for order in made] == NAMES * 3
    told = [json.dumps(content, ensure_ascii=False) for content in receiver.contents]
    assert all(order.name in body and order.id in body for order, body in zip(made, told, strict=True))


def test_the_same_seed_gives_the_same_people_and_some_buy_again(sandbox: Sandbox, receiver: Receiver) -> None:
    first, second = (
        sandbox.orders.post("tagmango", receiver.url, count=20, workshops=NAMES, again=5, seed=7) for _ in range(2)
    )
    assert [order.phone for order in first] == [order.phone for order in second]
    assert len({order.phone for order in first}) == 15
    assert len({order.id for order in first}) == 20


def test_orders_come_twice_late_unpaid_spoiled_and_in_another_order(sandbox: Sandbox, receiver: Receiver) -> None:
    made = sandbox.orders.post(
        "tagmango", receiver.url, count=10, workshops=NAMES, unpaid=2, late=3, bad=1, copies=2, order="shuffled"
    )
    assert sandbox.orders.flush() == {"200": 2 * (10 + 3 + 1)}
    assert [order.is_paid for order in made] == [False] * 2 + [True] * 8
    paths = [request.path.rpartition("/")[2] for request in receiver.received]
    assert paths != sorted(paths)
    assert set(paths) == {"order.created.completed", "order.created.failed", "order.created.initiated"}


def test_a_wish_that_makes_no_sense_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="platform"):
        sandbox.orders.post("shop", "http://127.0.0.1:9", count=1, workshops=NAMES)
    with pytest.raises(SandboxError, match="again"):
        sandbox.orders.post("relay", "http://127.0.0.1:9", count=1, workshops=NAMES, again=2)
