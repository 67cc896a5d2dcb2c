"""Communities of no workshop: created by the same steps as workshops', under a name of their own."""

from django.db import IntegrityError, transaction

from common.errors import DomainError
from common.jobs import soon
from common.words import inside
from workshops.models import Community
from workshops.models.community import fold
from workshops.services.communities import start
from workshops.services.links import CommunityOfWorkshop
from workshops.services.workshops import CommunityUnderWay

#: The constraint that keeps two of one name from being under way at once.
_ONE_OF_A_NAME = "workshop_communities_one_standalone_of_a_name_under_way"


class CommunityNameTaken(DomainError):
    """Another standalone community of this name is not finished: look-ups could not tell the two apart."""

    code = "community_name_taken"
    status = 409

    def __init__(self, community: Community) -> None:
        state = inside(community.get_status_display())
        super().__init__(
            f"A community called {community.wished_name} is not finished yet ({state}). Wait for it, retry it, or "
            "delete it first."
        )


@transaction.atomic
def create_community(
    *, organization_id: str, name: str, created_by: str, description: str = ""
) -> tuple[Community, bool]:  # fmt: skip
    """
    A new standalone community, queued; and whether it is new.

    Asked for again in the same words while it is under way, it is the same one: a second click creates nothing.

    :raises CommunityNameTaken: one of this name, however it is written, is under way in other words
    """
    name = " ".join(name.split())
    mine = Community(
        organization_id=organization_id, wished_name=name, wished_key=fold(name), wished_description=description,
        created_by=created_by, run_after=soon(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            mine.save(force_insert=True)
    except IntegrityError as error:
        if _ONE_OF_A_NAME not in str(error):
            raise
        there = namesake(organization_id=organization_id, name=name)
        if there is None:  # it has become ready since
            return create_community(
                organization_id=organization_id, name=name, description=description, created_by=created_by
            )
        if (there.wished_name, there.wished_description) != (name, description):
            raise CommunityNameTaken(there) from None
        return there, False
    start(mine)
    return mine, True


def namesake(*, organization_id: str, name: str) -> Community | None:
    """The standalone community of this name that is under way; there is one at most."""
    standalone = Community.objects.filter(organization_id=organization_id, workshop=None, wished_key=fold(name))
    return standalone.exclude(status=Community.Status.READY).first()


@transaction.atomic
def delete_community(*, community: Community) -> None:
    """
    Forget a standalone community. What exists of it stays in WhatsApp, and its groups stay known.

    :raises CommunityOfWorkshop: it belongs to a workshop
    :raises CommunityUnderWay: a community would appear that belongs to nobody
    """
    community = Community.objects.select_for_update(of=("self",)).get(pk=community.pk)
    if not community.is_standalone:
        raise CommunityOfWorkshop
    if community.is_leased or community.status == Community.Status.CREATING or community.is_open:
        raise CommunityUnderWay("This community is being created right now. Delete it when that has ended.")
    community.delete()
