"""Rules and rows of WhatsApp."""

from whatsapp.services.group_lists import (
    claim_group_list,
    group_list_ended,
    group_list_waits,
    request_group_list,
    sweep_group_lists,
)
from whatsapp.services.groups import (
    CommunityGroups,
    linkable,
    store_community,
    store_invite_link,
    waits_for_group,
)
from whatsapp.services.listed import GroupListChanges, apply_group_list, forget_group
from whatsapp.services.locks import lock_groups_of
from whatsapp.services.members import apply_snapshot
from whatsapp.services.membership import Change, Outcome, record_change
from whatsapp.services.reconcile import sweep_stale_groups
from whatsapp.services.sessions import (
    SessionNotConnected,
    SessionNotIdle,
    choose_community_session,
    create_session,
    disconnect_session,
    heard_from,
    poll_sessions,
    reconnect_session,
    record_disconnect,
    record_status,
    skipped_communities,
    unchoose_community_session,
    waits_for_session,
)
from whatsapp.services.sync import (
    GroupNotTrackable,
    NothingToConfirm,
    SyncJob,
    claim_run,
    confirm_run,
    fail_run,
    postpone_run,
    request_sync,
    request_syncs,
    sweep_runs,
    trackable_group,
)
from whatsapp.services.watch import watch

__all__ = [
    "Change",
    "CommunityGroups",
    "GroupListChanges",
    "GroupNotTrackable",
    "NothingToConfirm",
    "Outcome",
    "SessionNotConnected",
    "SessionNotIdle",
    "SyncJob",
    "apply_group_list",
    "apply_snapshot",
    "choose_community_session",
    "claim_group_list",
    "claim_run",
    "confirm_run",
    "create_session",
    "disconnect_session",
    "fail_run",
    "forget_group",
    "group_list_ended",
    "group_list_waits",
    "heard_from",
    "linkable",
    "lock_groups_of",
    "poll_sessions",
    "postpone_run",
    "reconnect_session",
    "record_change",
    "record_disconnect",
    "record_status",
    "request_group_list",
    "request_sync",
    "request_syncs",
    "skipped_communities",
    "store_community",
    "store_invite_link",
    "sweep_group_lists",
    "sweep_runs",
    "sweep_stale_groups",
    "trackable_group",
    "unchoose_community_session",
    "waits_for_group",
    "waits_for_session",
    "watch",
]
