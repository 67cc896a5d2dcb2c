"""Deliveries for tests."""

# factory_boy's declarations are untyped:
# mypy: disable-error-code="no-untyped-call"

from datetime import UTC, datetime

from factory.declarations import LazyFunction, Sequence
from factory.django import DjangoModelFactory

from webhooks.models import Alarm, Delivery, RefusedCount


class DeliveryFactory(DjangoModelFactory[Delivery]):
    """One that is dead."""

    class Meta:
        model = Delivery

    source = "test"
    type = "person.joined"
    dedupe_key = Sequence(lambda number: f"key{number}")
    payload = LazyFunction(lambda: {"name": "Ada"})
    status = Delivery.Status.DEAD
    run_after = None


class RefusedCountFactory(DjangoModelFactory[RefusedCount]):
    """Today's."""

    class Meta:
        model = RefusedCount

    day = LazyFunction(lambda: datetime.now(UTC).date())
    source = "test"
    reason = Sequence(lambda number: f"reason{number}")
    number = 3


class AlarmFactory(DjangoModelFactory[Alarm]):
    """One that is open."""

    class Meta:
        model = Alarm

    kind = "test"
    key = Sequence(lambda number: f"key{number}")
    subject = Sequence(lambda number: f"{number} deliveries are refused")
    detail = "Compare the secrets."
