"""What the apps above hear of people."""

from django.dispatch import Signal

#: `user_ids`, a list of ids of app_users whose name or picture may have changed. Sent after commit.
profiles_changed = Signal()
