import pytest
from django.contrib import admin
from django.urls import reverse
from django.test import Client
from accounts.tests.factories import *
from organizations.tests.factories import *
from whatsapp.tests.factories import *
from workshops.tests.factories import *
from common import tenancy
from django.db import connection

pytestmark = pytest.mark.django_db
MODELS = [m for m in admin.site._registry]


def make():
    MembershipFactory.create()
    g = GroupFactory.create(announcement=True)
    GroupMemberFactory.create(group=g)
    SyncRunFactory.create(group=g, status="suspicious", doubts=["not_admin"], fetched=3)
    SyncRunFactory.create(group=g, status="failed", error="x")
    SessionFactory.create(status="disconnected")
    CommunityFactory.create(status="ready")
    CommunityFactory.create(status="failed", reason="Because")


@pytest.fixture
def c(client):
    client.force_login(StaffUserFactory.create(is_superuser=True))
    return client


@pytest.mark.parametrize("full", [0, 1])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)
def test_pages(c, model, full, django_assert_max_num_queries):
    if full:
        make()
    base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    r = c.get(reverse(base + "_changelist"))
    assert r.status_code == 200
    r = c.get(reverse(base + "_changelist"), {"q": "a b"})
    assert r.status_code == 200
    with tenancy.system():
        pks = list(model.objects.values_list("pk", flat=True))
    for pk in pks:
        with django_assert_max_num_queries(40) as q:
            r = c.get(reverse(base + "_change", args=[pk]))
            assert r.status_code == 200
        print(model, len(q.captured_queries))
    r = c.get(reverse(base + "_add"))
    assert r.status_code in (200, 403)


def test_index(c):
    assert c.get("/admin/").status_code == 200
    make()
    r = c.get("/admin/")
    assert r.status_code == 200
    print(r.content.decode()[-3000:])
