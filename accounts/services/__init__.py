"""Rules and rows of people."""

from accounts.services.failures import sweep_failures, try_again
from accounts.services.identities import forget_identity, record_identity
from accounts.services.people import ensure_people
from accounts.services.plans import Person, Plan, count_states, look_at, make_plan
from accounts.services.repairs import BATCH_SIZE, Line, RepairRefused, Strategy, repair, repair_all, repairable, undo

__all__ = [
    "BATCH_SIZE",
    "Line",
    "Person",
    "Plan",
    "RepairRefused",
    "Strategy",
    "count_states",
    "ensure_people",
    "forget_identity",
    "look_at",
    "make_plan",
    "record_identity",
    "repair",
    "repair_all",
    "repairable",
    "sweep_failures",
    "try_again",
    "undo",
]
