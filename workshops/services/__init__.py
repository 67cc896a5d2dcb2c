"""Rules and rows of workshops."""

from workshops.services.communities import (
    CommunityJob,
    CommunityNotRetryable,
    claim_community,
    community_created,
    community_failed,
    community_waits,
    move_communities,
    nothing_was_created,
    outcome_unknown,
    queue_community,
    record_created,
    record_request,
    retry_community,
    sweep_communities,
    unclaimed,
)
from workshops.services.workshops import NoCommunityGroup, create_workshop, sync_members, update_workshop

__all__ = [
    "CommunityJob",
    "CommunityNotRetryable",
    "NoCommunityGroup",
    "claim_community",
    "community_created",
    "community_failed",
    "community_waits",
    "create_workshop",
    "move_communities",
    "nothing_was_created",
    "outcome_unknown",
    "queue_community",
    "record_created",
    "record_request",
    "retry_community",
    "sweep_communities",
    "sync_members",
    "unclaimed",
    "update_workshop",
]
