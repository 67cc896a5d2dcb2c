"""A new community in place of the one that a workshop has, when a person chooses so."""

from django.db import transaction

from workshops.models import Community, Workshop
from workshops.services.communities import retry_community
from workshops.services.links import unlink_group


@transaction.atomic
def renew_community(*, workshop: Workshop, renewed_by: str) -> Community:
    """
    Leave the workshop's community to itself, and have a new one created by the title, date and tag as they are now.

    Nothing else does so: a gateway cannot rename, and a change of the workshop changes nothing in WhatsApp. The old
    community stays there with its people.

    :raises NoCommunityGroup: there is none to be replaced
    :raises CommunityBusy: a worker is at it
    """
    workshop = unlink_group(workshop=workshop, unlinked_by=renewed_by)
    return retry_community(community=Community.objects.get(workshop=workshop))
