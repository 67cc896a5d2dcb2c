"""Conversations and identities in the admin."""

from typing import Any

import pytest

from chat import outbound
from chat.models import Conversation, Participant, StreamIdentity
from chat.tests.conftest import Scene
from chat.tests.factories import conversation, identity, new_member, new_person, sdk, stream_id
from common import tenancy
from common.tests import admin_pages
from common.tests.admin_pages import act, press, staff, superuser, text_of, url

pytestmark = pytest.mark.django_db


def _identity() -> StreamIdentity:
    person = new_person()
    with tenancy.system():
        return StreamIdentity.objects.create(kind="user", person=person, stream_id=f"onecrew_user_{person.pk}")


def _conversation() -> Conversation:
    company, person = new_member().organization, _identity()
    with tenancy.system():
        speaker = StreamIdentity.objects.create(
            kind="company", company=company, stream_id=f"onecrew_company_{company.pk}"
        )
        made = Conversation.objects.create(
            channel_id=f"onecrew-{company.pk}", speaker=speaker, status="failed", error="Stream was away."
        )
        for one in (speaker, person):
            Participant.objects.create(
                conversation=made, identity=one, company_id=one.company_id, person_id=one.person_id
            )
    return made


MODELS = [(Conversation, _conversation), (StreamIdentity, _identity)]


@pytest.mark.parametrize(("model", "make"), MODELS)
def test_a_list_costs_the_same_with_30_rows_as_with_3(model: Any, make: Any) -> None:
    admin_pages.check_list(model, make)


@pytest.mark.parametrize("make", [make for _, make in MODELS])
def test_a_row_has_its_page(make: Any) -> None:
    admin_pages.check_row(make())


@pytest.mark.parametrize("model", [model for model, _ in MODELS])
def test_rights_are_respected(model: Any) -> None:
    admin_pages.check_rights(model)


def test_the_list_says_who_is_missing_and_why(scene: Scene) -> None:
    scene.open()
    sdk().deactivate_user(stream_id(scene.person))
    scene.post(f"/api/chat/conversations/{conversation().pk}/repair")
    page = text_of(superuser().get(url(Conversation, "changelist")))
    assert "Deactivated or deleted in Stream" in page
    assert f"{scene.person} (not in the channel)" in page


def test_repair_is_queued_and_done(scene: Scene) -> None:
    scene.open()
    sdk().channel("messaging", conversation().channel_id).remove_members([stream_id(scene.person)])
    sdk().upsert_user({"id": stream_id(scene.person), "name": "Hacked"})
    assert "1 conversation queued" in press(superuser(), "repair_this", conversation())
    queued = conversation()
    assert (queued.status, queued.run_after is not None) == ("creating", True)
    outbound.finish_conversation(conversation_id=queued.pk, attempt=queued.attempt)
    assert conversation().status == "ready"
    assert stream_id(scene.person) in scene.channel_members()
    assert scene.sandbox.stream.users()[stream_id(scene.person)]["name"] == scene.person.full_name


def test_repairing_a_selection_needs_the_right_to_change(scene: Scene) -> None:
    scene.open()
    assert "queued" not in act(staff("view_conversation"), "repair_chosen", conversation())
    assert "1 conversation queued" in act(superuser(), "repair_chosen", conversation())


def test_somebody_who_was_let_back_in_is_pushed_again(scene: Scene) -> None:
    scene.open()
    sdk().deactivate_user(stream_id(scene.person))
    scene.post(f"/api/chat/conversations/{conversation().pk}/repair")
    sdk().reactivate_user(stream_id(scene.person))
    assert "pushed to Stream" in press(superuser(), "push_this", identity(scene.person))
    assert outbound.push_profiles() == 1
    assert (identity(scene.person).state, identity(scene.person).error) == ("active", "")
