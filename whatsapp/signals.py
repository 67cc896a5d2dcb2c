"""What the apps above hear of WhatsApp, and what they are asked."""

from dataclasses import dataclass

from django.dispatch import Signal

#: `old` and `new`, two Sessions of one organization: the number of `old` is connected under `new` now. Sent inside the
#: transaction that moves everything, so that whoever holds a reference moves it there, too.
session_replaced = Signal()

#: `organization_id`, `group_id`, `run_id`: the members of the group have changed by events (no run), or the SyncRun has
#: ended. Sent after commit, once for each group of a batch of events and once for each run.
members_changed = Signal()

#: `groups`, announcement Groups whose parents are known, as a session's list has just shown them. Sent inside the
#: transaction that stores them: who misses an announcement group finds it here.
announcements_listed = Signal()

#: Asks which groups have their use already. Receivers answer a condition (Q) on Group; nobody links those again.
taken_groups_asked = Signal()

#: `organization_id`: asks what was skipped while no session was chosen. Receivers answer a `Skipped`.
skipped_asked = Signal()


@dataclass(frozen=True, slots=True)
class Skipped:
    """How many communities were skipped, and the path of the admin's page that starts them all."""

    number: int
    page: str
