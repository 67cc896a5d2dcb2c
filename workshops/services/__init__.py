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
from workshops.services.life import WorkshopIsLive, archive_workshop, change_status, unarchive_workshop
from workshops.services.links import (
    CommunityBusy,
    CommunityNotReady,
    CommunityOfWorkshop,
    GroupTaken,
    WorkshopHasGroup,
    is_of_workshop,
    link_community,
    link_group,
    unlink_group,
)
from workshops.services.news import may_follow, tell_of_members
from workshops.services.orders import Purchase, take_order
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
from workshops.services.people import PhoneTaken, PhoneUnreadable, correct_phone
from workshops.services.plans import CommunityPlan, plan_community, preview_tag
from workshops.services.products import NoDateInName, create_mapped_workshop, map_product
from workshops.services.renewal import renew_community
from workshops.services.skipped import NoSession, count_skipped, queue_skipped
from workshops.services.standalone import CommunityNameTaken, create_community, delete_community, namesake
from workshops.services.tags import TagIsDefault, TagNameTaken, create_tag, delete_tag, make_default_tag, update_tag
from workshops.services.tokens import (
    issue_source_token,
    living_tokens,
    organization_of_token,
    paths_of_token,
    revoke_source_token,
)
from workshops.services.watch import watch
from workshops.services.workshops import (
    CommunityUnderWay,
    NoCommunityGroup,
    WorkshopHasRegistrations,
    create_workshop,
    delete_workshop,
    sync_members,
    update_workshop,
)

__all__ = [
    "CommunityBusy",
    "CommunityJob",
    "CommunityNameTaken",
    "CommunityNotReady",
    "CommunityNotRetryable",
    "CommunityOfWorkshop",
    "CommunityPlan",
    "CommunityTaken",
    "CommunityUnderWay",
    "GroupTaken",
    "NoCommunityGroup",
    "NoDateInName",
    "NoSession",
    "PhoneTaken",
    "PhoneUnreadable",
    "Purchase",
    "TagIsDefault",
    "TagNameTaken",
    "WorkshopHasGroup",
    "WorkshopHasRegistrations",
    "WorkshopIsLive",
    "archive_workshop",
    "change_status",
    "claim_community",
    "community_created",
    "community_failed",
    "community_waits",
    "complete_communities",
    "correct_phone",
    "count_skipped",
    "create_community",
    "create_mapped_workshop",
    "create_tag",
    "create_workshop",
    "delete_community",
    "delete_tag",
    "delete_workshop",
    "is_of_workshop",
    "issue_source_token",
    "link_community",
    "link_group",
    "living_tokens",
    "make_default_tag",
    "map_product",
    "may_follow",
    "move_communities",
    "namesake",
    "organization_of_token",
    "outcome_unknown",
    "paths_of_token",
    "plan_community",
    "preview_tag",
    "queue_community",
    "queue_skipped",
    "record_created",
    "record_request",
    "renew_community",
    "retry_community",
    "revoke_source_token",
    "sweep_communities",
    "sync_members",
    "take_order",
    "tell_of_members",
    "unarchive_workshop",
    "unclaimed",
    "unlink_group",
    "update_tag",
    "update_workshop",
    "watch",
    "would_be_seen",
]
