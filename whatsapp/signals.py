"""What the apps above hear of WhatsApp."""

from django.dispatch import Signal

#: `old` and `new`, two Sessions of one organization: the number of `old` is connected under `new` now. Sent inside the
#: transaction that moves everything, so that whoever holds a reference moves it there, too.
session_replaced = Signal()

#: `groups`, announcement Groups whose parents are known, as a session's list has just shown them. Sent inside the
#: transaction that stores them: who misses an announcement group finds it here.
announcements_listed = Signal()
