"""
`admin`: the list of members in the admin, of three million, against the same list by the stock classes.

Stock is `unfold.admin.ModelAdmin`, which adds nothing to how Django's own makes a list: everything is counted, twice.
Both have the same columns, filters, order (an index's) and length, the same templates, middleware and person. The clock
runs over one request, from Django's handler to the rendered page; the web server is left out.
"""

import time

from django.test import Client, override_settings

from accounts.models import StaffUser
from bench.measuring import alternate
from bench.results import Figure, Result, milliseconds
from bench.seeding import CROWD, Scale, seeded
from bench.stock_admin import STOCK

GOAL = 0.3
LIST = "whatsapp/groupmember/"
PATHS = {"ours": f"/admin/{LIST}", "stock": f"{STOCK}{LIST}"}


class NotDone(Exception):
    """A page did not come, or is not the list: what was measured means nothing."""


def run(scale: Scale = CROWD) -> Result:
    """Ask for both lists in turns."""
    with seeded(scale), override_settings(ROOT_URLCONF="bench.stock_admin", ALLOWED_HOSTS=["testserver"]):
        client = Client()
        client.force_login(StaffUser.objects.get_or_create(username="bench", is_staff=True, is_superuser=True)[0])
        sides = {name: lambda path=path: _seconds(client, path) for name, path in PATHS.items()}
        found = alternate(sides, rounds=scale.rounds, warm_ups=scale.warm_ups)
        client.logout()
    ours, stock = (milliseconds(name, seconds) for name, seconds in found.items())
    return Result([ours, stock], [Figure("ours / stock", ours.over(stock), GOAL)])


def _seconds(client: Client, path: str) -> float:
    begun = time.perf_counter()
    response = client.get(path)
    seconds = time.perf_counter() - begun
    if response.status_code != 200 or b"@lid" not in response.content:
        raise NotDone(f"{path}: {response.status_code}")
    return seconds
