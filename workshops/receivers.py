"""What workshops hear."""

import logging
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from workshops import services
from workshops.models import Workshop

log = logging.getLogger(__name__)


@receiver(post_save, sender=Workshop, dispatch_uid="queue the community of a new workshop")
def workshop_created(instance: Workshop, created: bool, raw: bool = False, **_: Any) -> None:
    """
    Queue a new workshop's community, whoever created the workshop: API, admin, ingest, shell.

    A failure here never fails the workshop: the sweep queues what has no community.
    """
    if not created or raw:
        return
    try:
        with transaction.atomic():
            services.queue_community(workshop=instance)
    except DatabaseError:
        log.exception("the community of workshop %s could not be queued; the sweep will", instance.pk)
