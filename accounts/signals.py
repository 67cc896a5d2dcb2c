"""What the apps above hear of people."""

from django.dispatch import Signal

#: `user_ids`, a list of ids of app_users whose name or picture may have changed. Sent after commit.
profiles_changed = Signal()

#: `moves`, a dict old id → new id: repairs move these app users and every row that points at them. Sent inside the
#: transaction of the repair, after the rows have moved: whoever knows people elsewhere by their old id acts here.
users_rekeyed = Signal()
