"""What the apps above hear of people."""

from django.dispatch import Signal

#: `user_ids`, a list of ids of app_users whose name or picture may have changed. Sent after commit.
profiles_changed = Signal()

#: `user_id`, under which the rows of an erased person stand now. Sent inside the transaction of the erasure: whoever
#: has the person elsewhere sees to it from here.
person_erased = Signal()
