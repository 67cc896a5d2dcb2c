"""What the apps above hear of WhatsApp."""

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
