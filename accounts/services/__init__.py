"""Rules and rows of people."""

from accounts.services.arrivals import AccountDeleted, Arrival, IdTaken, sync_person
from accounts.services.backups import write_backup
from accounts.services.erasing import Erasure, PersonUnknown, erase_person
from accounts.services.failures import sweep_failures, try_again
from accounts.services.identities import (
    IdentityFacts,
    adopt_identities,
    follows_identities,
    forget_identity,
    record_identities,
)
from accounts.services.people import ensure_people
from accounts.services.plans import (
    Person,
    Plan,
    count_left_behind,
    count_states,
    look_at,
    make_plan,
    people_out_of_step,
)
from accounts.services.repairs import BATCH_SIZE, Line, RepairRefused, Strategy, repair, repair_all, repairable, undo
from accounts.services.reports import write_weekly_report

__all__ = [
    "BATCH_SIZE",
    "AccountDeleted",
    "Arrival",
    "Erasure",
    "IdTaken",
    "IdentityFacts",
    "Line",
    "Person",
    "PersonUnknown",
    "Plan",
    "RepairRefused",
    "Strategy",
    "adopt_identities",
    "count_left_behind",
    "count_states",
    "ensure_people",
    "erase_person",
    "follows_identities",
    "forget_identity",
    "look_at",
    "make_plan",
    "people_out_of_step",
    "record_identities",
    "repair",
    "repair_all",
    "repairable",
    "sweep_failures",
    "sync_person",
    "try_again",
    "undo",
    "write_backup",
    "write_weekly_report",
]
