"""Rules and rows of organizations."""

from organizations.services.absences import (
    Absentee,
    absentees,
    finish_reconcile,
    judge_absences,
    settle_absence,
)
from organizations.services.health import MirrorHealth, mirror_health
from organizations.services.mirror import (
    delete_membership,
    delete_organization,
    delete_user,
    is_known_membership,
    record_memberships,
    record_organizations,
    record_users,
    waits_for_membership,
)
from organizations.services.reconcile import (
    NothingToConfirm,
    claim_reconcile,
    confirm_reconcile,
    fail_reconcile,
    pause_reconcile,
    postpone_reconcile,
    reconcile_nightly,
    record_person,
    request_reconcile,
    stop_reconcile,
    sweep_reconciles,
)
from organizations.services.scan import apply_memberships, apply_organizations, apply_users, is_read, next_phase
from organizations.services.settings import SETTINGS, update_settings
from organizations.services.watch import watch

__all__ = [
    "SETTINGS",
    "Absentee",
    "MirrorHealth",
    "NothingToConfirm",
    "absentees",
    "apply_memberships",
    "apply_organizations",
    "apply_users",
    "claim_reconcile",
    "confirm_reconcile",
    "delete_membership",
    "delete_organization",
    "delete_user",
    "fail_reconcile",
    "finish_reconcile",
    "is_known_membership",
    "is_read",
    "judge_absences",
    "mirror_health",
    "next_phase",
    "pause_reconcile",
    "postpone_reconcile",
    "reconcile_nightly",
    "record_memberships",
    "record_organizations",
    "record_person",
    "record_users",
    "request_reconcile",
    "settle_absence",
    "stop_reconcile",
    "sweep_reconciles",
    "update_settings",
    "waits_for_membership",
    "watch",
]
