"""Profiles that change go to Stream in batches, paced by its headers; what fails is tried again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone

from accounts.models import AppUser
from accounts.signals import profiles_changed as people_changed
from chat import outbound, services
from chat.models import StreamIdentity
from chat.tests.conftest import Scene
from chat.tests.factories import identity, new_person, sdk, stream_id
from common import tenancy
from organizations.models import Organization
from organizations.signals import profiles_changed as companies_changed

pytestmark = pytest.mark.django_db


def _rename(*people: AppUser) -> None:
    """Another name each time."""
    with tenancy.system():
        AppUser.objects.filter(pk__in=[person.pk for person in people]).update(
            full_name=Concat(Value("New "), "full_name")
        )
    people_changed.send(sender=None, user_ids=[person.pk for person in people])


@pytest.fixture
def crowd(scene: Scene) -> list[AppUser]:
    """Ninety-nine people whom Stream knows."""
    people = [new_person() for _ in range(99)]
    assert scene.open(*people).status_code == 201
    scene.sandbox.clear_journal()
    return people


def test_a_hundred_changes_are_one_call(scene: Scene, crowd: list[AppUser]) -> None:
    for person in crowd:
        _rename(person)
    with tenancy.system():
        Organization.objects.filter(pk=scene.company.pk).update(
            name="New company", image_url="https://example.com/i.png"
        )
    companies_changed.send(sender=None, organization_ids=[scene.company.pk])
    assert outbound.push_profiles() == 100
    assert len(scene.calls()) == 1
    users = scene.sandbox.stream.users()
    assert users[stream_id(crowd[7])]["name"] == f"New {crowd[7].full_name}"
    assert users[stream_id(scene.company)]["image"] == "https://example.com/i.png"
    assert outbound.push_profiles() == 0


def test_changes_of_people_who_never_chatted_and_changes_that_are_none_cost_nothing(
    scene: Scene, crowd: list[AppUser]
) -> None:
    _rename(new_person())
    people_changed.send(sender=None, user_ids=[crowd[0].pk])
    assert outbound.push_profiles() == 0
    assert scene.calls() == []
    assert identity(crowd[0]).push_after is None


def test_f37_one_who_is_gone_is_recorded_and_99_go_through(scene: Scene, crowd: list[AppUser]) -> None:
    """Falls without `_without` in `outbound.pushing`."""
    sdk().deactivate_user(stream_id(crowd[3]))
    _rename(*crowd)
    assert outbound.push_profiles() == 98
    assert identity(crowd[3]).state == StreamIdentity.State.DEACTIVATED
    assert scene.sandbox.stream.users()[stream_id(crowd[4])]["name"].startswith("New ")
    scene.sandbox.clear_journal()
    _rename(*crowd[:5])
    assert outbound.push_profiles() == 4  # the one who is gone is left out


def test_when_stream_does_not_say_who_is_gone_the_batch_is_halved(scene: Scene, crowd: list[AppUser]) -> None:
    scene.fault("update_users", "error", code=16, message="one of the users was deleted", times=1)
    _rename(*crowd)
    assert outbound.push_profiles() == 99
    assert len(scene.calls("update_users")) == 3


def test_a_limit_is_waited_for_and_what_fails_comes_later(scene: Scene, crowd: list[AppUser], settings: Any) -> None:
    scene.fault("update_users", "rate_limited_plain")
    _rename(*crowd)
    assert outbound.push_profiles() == 99
    scene.fault("update_users", "error", code=5)
    _rename(crowd[0])
    assert outbound.push_profiles() == 0
    failed = identity(crowd[0])
    assert (failed.failures, failed.error_code, failed.lease_until) == (1, "misconfigured", None)
    assert failed.push_after is not None
    assert failed.push_after > timezone.now()
    assert services.is_refused()


def test_a_change_while_it_is_pushed_is_pushed_once_more(scene: Scene, crowd: list[AppUser]) -> None:
    _rename(crowd[0])
    (person,) = services.lease_outdated(number=100) or []
    _rename(crowd[0])
    assert services.lease_outdated(number=100) is None
    services.record_pushed(people=[person])
    assert outbound.push_profiles() == 1


def test_f42_whoever_dies_in_the_middle_of_a_push_is_replaced(scene: Scene, crowd: list[AppUser]) -> None:
    """Falls without `lease_until < now()` in the statement that claims."""
    _rename(*crowd)
    assert len(services.lease_outdated(number=100) or []) == 99
    assert outbound.push_profiles() == 0
    with tenancy.system():
        StreamIdentity.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert outbound.push_profiles() == 99


def test_the_pace_is_that_of_the_headers(scene: Scene, crowd: list[AppUser]) -> None:
    """Ten calls a second is what 300 a minute leave; faster ones are refused."""
    with tenancy.system():
        StreamIdentity.objects.update(pushed_hash="")
    for start in range(25):
        people_changed.send(sender=None, user_ids=[crowd[start].pk])
        assert outbound.push_profiles() == 1
    assert scene.sandbox.stream.refused() == {}
