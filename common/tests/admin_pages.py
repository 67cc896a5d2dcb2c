"""What the tests of every admin need: staff, addresses, and the checks that all pages owe."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import StaffUserFactory


def superuser() -> Client:
    """Somebody who may do everything."""
    return _logged_in(is_superuser=True)


def staff(*codenames: str) -> Client:
    """Somebody who has these rights and no others (`view_group`)."""
    return _logged_in(*codenames)


def _logged_in(*codenames: str, **values: Any) -> Client:
    user = StaffUserFactory.create(**values)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def url(model: type[Model], page: str, *arguments: Any) -> str:
    """The address of a page: `changelist`, `add`, `change`, or a button's name. An id in it is written as Django's."""
    keys = [quote(argument) for argument in arguments]
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=keys)


def text_of(response: Any) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def act(client: Client, action: str, *rows: Model, **also: str) -> str:
    """Choose rows of a list and run an action; answers what the page then says."""
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **also}
    return text_of(client.post(url(type(rows[0]), "changelist"), data, follow=True))


def press(client: Client, button: str, row: Model) -> str:
    """Press a button on a row's page and answer yes; answers what the page then says."""
    address = url(type(row), button, row.pk)
    asked = client.get(address)
    assert asked.status_code == 200, "the question"
    return text_of(client.post(address, follow=True))


def check_list(model: type[Model], make: Callable[[], object]) -> None:
    """Opens empty, searches, and asks as many queries for 30 rows as for 3."""
    client, address = superuser(), url(model, "changelist")
    assert client.get(address).status_code == 200
    assert client.get(address, {"q": "x +91 98 y"}).status_code == 200
    few = _queries(client, address, lambda: [make() for _ in range(3)])
    many = _queries(client, address, lambda: [make() for _ in range(27)])
    assert len(many) == len(few), "\n".join(many)[-2000:]
    assert len(few) < 15


def _queries(client: Client, address: str, prepare: Callable[[], object]) -> list[str]:
    prepare()
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


#: What no page shows: a time as Python writes it, and an id for a title.
_RAW_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_ID_FOR_TITLE = re.compile(r"<title>[^<]*[0-9a-f]{8}-[0-9a-f]{4}-")


def check_row(row: Model) -> None:
    """The page of a row and of a new one, its history, and the way to a row that is not there."""
    client, model = superuser(), type(row)
    page, new = client.get(url(model, "change", row.pk)), client.get(url(model, "add"))
    assert (page.status_code, new.status_code in (200, 403)) == (200, True)
    for opened in (page, new):
        assert " object at 0x" not in unescape(opened.content.decode())
        assert not _RAW_TIME.search(text_of(opened))
        assert not _ID_FOR_TITLE.search(opened.content.decode())
    assert client.get(url(model, "history", row.pk)).status_code == 200
    assert client.get(url(model, "change", "nobody")).status_code == 302


def check_rights(model: type[Model]) -> None:
    """Strangers are asked to log in, staff without the right are refused, and who may look cannot change."""
    address = url(model, "changelist")
    assert Client().get(address).headers["Location"].startswith("/admin/login/")
    assert staff().get(address).status_code == 403
    viewer = staff(f"view_{model._meta.model_name}")
    assert viewer.get(address).status_code == 200
    assert viewer.get(url(model, "add")).status_code == 403
    assert 'name="action"' not in viewer.get(address).content.decode()
