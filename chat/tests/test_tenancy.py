"""Conversations carry no organization: their participants read them, nobody writes them but the system."""

import pytest
from django.db import DatabaseError, transaction

from chat.models import Conversation, Participant, StreamIdentity
from chat.tests.conftest import Scene
from chat.tests.factories import new_member, new_person
from common import tenancy

pytestmark = pytest.mark.django_db

MODELS = (Conversation, Participant, StreamIdentity)


@pytest.mark.parametrize("model", MODELS)
def test_it_is_closed_outside_of_contexts(scene: Scene, model: type[Conversation]) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        model.objects.count()


def test_participants_read_their_conversation_and_their_own_row(scene: Scene) -> None:
    scene.open()
    scene.open(new_person(), member=new_member())
    with tenancy.tenant(scene.company.pk):
        assert [model.objects.count() for model in MODELS] == [1, 1, 1]
    with tenancy.person(scene.person.pk):
        assert [model.objects.count() for model in MODELS] == [1, 1, 1]
    with tenancy.tenant(new_member().organization_id, user_id=scene.person.pk):
        assert [model.objects.count() for model in MODELS] == [1, 1, 1]


def test_strangers_read_nothing(scene: Scene) -> None:
    scene.open()
    for context in (tenancy.tenant(new_member().organization_id), tenancy.person(new_person().pk)):
        with context:
            assert [model.objects.count() for model in MODELS] == [0, 0, 0]


def test_participants_write_nothing(scene: Scene) -> None:
    scene.open()
    with tenancy.tenant(scene.company.pk):
        assert Conversation.objects.update(name="mine") == 0
        assert Participant.objects.all()._raw_delete("default") == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            StreamIdentity.objects.create(kind="company", company=scene.company, stream_id="another")
