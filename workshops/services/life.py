"""The life of a workshop: its states, and its way into the archive."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from common.errors import DomainError
from workshops.models import Community, Workshop
from workshops.services.communities import CANCELLED, retry_community


class WorkshopIsLive(DomainError):
    """What is going on is not put away."""

    code = "workshop_is_live"
    status = 409
    message = "This workshop is live. Archive it when it is done."


@transaction.atomic
def change_status(*, workshop: Workshop, status: str) -> Workshop:
    """
    Take a step in a workshop's life. To ask for the state that it is in changes nothing.

    A cancelled workshop gets no community. One that comes back gets the community that it was denied.

    :raises StepRefused: it does not lead there from the state it is in
    """
    workshop = _locked(workshop)
    if status == workshop.status:
        return workshop
    workshop.move_to(status)
    denied = Community.objects.filter(workshop=workshop, status=Community.Status.SKIPPED, error_code=CANCELLED).first()
    if denied and status != Workshop.Status.CANCELLED:
        retry_community(community=denied)
    return workshop


@transaction.atomic
def archive_workshop(*, workshop: Workshop) -> Workshop:
    """
    Take a workshop out of the lists. All that belongs to it stays as it is. A second call changes nothing.

    :raises WorkshopIsLive: it is going on
    """
    workshop = _locked(workshop)
    if workshop.status == Workshop.Status.LIVE:
        raise WorkshopIsLive
    return _archived_at(workshop, workshop.archived_at or timezone.now())


@transaction.atomic
def unarchive_workshop(*, workshop: Workshop) -> Workshop:
    """Put a workshop back into the lists. A second call changes nothing."""
    return _archived_at(_locked(workshop), None)


def _archived_at(workshop: Workshop, moment: datetime | None) -> Workshop:
    workshop.archived_at = moment
    workshop.save(update_fields=["archived_at", "updated_at"])
    return workshop


def _locked(workshop: Workshop) -> Workshop:
    """`no_key`: whoever registers somebody for it need not wait."""
    return Workshop.objects.select_for_update(of=("self",), no_key=True).get(pk=workshop.pk)
