"""Control of the order platform: which orders it posts, and what became of them."""

import random
from collections import Counter
from collections.abc import Iterator

from sandbox.control import Route
from sandbox.fields import Fields
from sandbox.lab import Lab
from sandbox.orders.buyers import buyer
from sandbox.orders.shapes import COMPLETED, FAILED, INITIATED, SHAPES, Order, Told, bad
from sandbox.problems import Json
from sandbox.webhooks.outbox import ORDERS
from sandbox.webhooks.switches import check_url

_PATIENCE = 30
_LONGEST_FLUSH = 600
_UNPAID = (INITIATED, FAILED)


def post_orders(lab: Lab, fields: Fields) -> Json:
    """
    Post `count` orders for `workshops`, in turn: `again` of them by people who have bought before, `late` of them told
    as unpaid before, `unpaid` of them only so; each `copies` times, with `bad` unusable ones among them.
    """
    platform, url = fields.choice("platform", SHAPES), check_url(fields.text("url"))
    secret, seed = fields.text_or_none("secret") or "", fields.count_or_none("seed", most=2**31) or 1
    order, copies = fields.choice("order", ORDERS, "given"), fields.count_or_none("copies", 1, 10) or 1
    count, names = fields.count("count", 1, 10_000), fields.texts("workshops")
    again, late, unpaid, spoiled = (
        fields.count_or_none(name, most=count) or 0 for name in ("again", "late", "unpaid", "bad")
    )
    fields.done()
    made = _made(platform, seed, count, again, names)
    told = list(_told(made, platform, secret, late=late, unpaid=unpaid, spoiled=spoiled)) * copies
    if order != "given":
        told.reverse() if order == "reversed" else random.Random(seed).shuffle(told)
    for one in told:
        address = f"{url}/{one.event}" if one.event else url
        lab.orders_post.outbox.post_raw(one.body, one.headers, url=address, is_signed=False)
    return {
        "orders": [_described(one, is_paid=platform == "relay" or one.number >= unpaid) for one in made],
        "posts": len(told),
    }


def flush_orders(lab: Lab, fields: Fields) -> Json:
    """Wait until every order is posted; how many got which answer."""
    seconds = fields.number_or_none("seconds", 0, _LONGEST_FLUSH)
    fields.done()
    lab.orders_post.outbox.flush(_PATIENCE if seconds is None else seconds, hurry=False)
    return read_orders(lab, fields)


def read_orders(lab: Lab, fields: Fields) -> Json:
    """How many posts wait, and how many got which answer."""
    outbox = lab.orders_post.outbox
    answers = Counter(str(attempt.status) for delivery in outbox.log for attempt in delivery.attempts)
    return {"waiting": outbox.pending()["waiting"], "answers": dict(answers)}


def _made(platform: str, seed: int, count: int, again: int, names: list[str]) -> list[Order]:
    others = max(count - again, 1)
    numbers = [n if n < count - again else n % others for n in range(count)]
    return [
        Order(n, f"{platform[:2]}{seed}x{n:05}", buyer(seed, number), names[n % len(names)])
        for n, number in enumerate(numbers)
    ]


def _told(orders: list[Order], platform: str, secret: str, *, late: int, unpaid: int, spoiled: int) -> Iterator[Told]:
    shape = SHAPES[platform]
    for order in orders:
        if order.number < spoiled:
            yield bad(shape(order, COMPLETED, secret), order.number)
        if platform != "relay" and order.number < unpaid + late:
            yield shape(order, _UNPAID[order.number % 2], secret)
        if platform == "relay" or order.number >= unpaid:
            yield shape(order, COMPLETED, secret)


def _described(order: Order, *, is_paid: bool) -> Json:
    return {
        "id": order.id, "name": order.buyer.name, "email": order.buyer.email, "phone": order.buyer.phone,
        "workshop": order.workshop, "is_paid": is_paid,
    }  # fmt: skip


ROUTES: list[Route] = [
    ("POST", "/orders", post_orders),
    ("GET", "/orders", read_orders),
    ("POST", "/orders/flush", flush_orders),
]
