"""Rules and rows of workshops."""

from workshops.services.communities import (
    CommunityJob,
    CommunityNotRetryable,
    claim_community,
    complete_communities,
    move_communities,
    queue_community,
    retry_community,
    sweep_communities,
)
from workshops.services.links import CommunityBusy, GroupTaken, WorkshopHasGroup, link_group, unlink_group
from workshops.services.news import may_follow, tell_of_members
from workshops.services.outcomes import (
    CommunityTaken,
    community_created,
    community_failed,
    community_waits,
    outcome_unknown,
    record_created,
    record_request,
    unclaimed,
    would_be_seen,
)
from workshops.services.workshops import (
    CommunityUnderWay,
    NoCommunityGroup,
    create_workshop,
    delete_workshop,
    sync_members,
    update_workshop,
)

__all__ = [
    "CommunityBusy",
    "CommunityJob",
    "CommunityNotRetryable",
    "CommunityTaken",
    "CommunityUnderWay",
    "GroupTaken",
    "NoCommunityGroup",
    "WorkshopHasGroup",
    "claim_community",
    "community_created",
    "community_failed",
    "community_waits",
    "complete_communities",
    "create_workshop",
    "delete_workshop",
    "link_group",
    "may_follow",
    "move_communities",
    "outcome_unknown",
    "queue_community",
    "record_created",
    "record_request",
    "retry_community",
    "sweep_communities",
    "sync_members",
    "tell_of_members",
    "unclaimed",
    "unlink_group",
    "update_workshop",
    "would_be_seen",
]
