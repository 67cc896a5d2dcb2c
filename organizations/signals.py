"""News of organizations, for the apps above."""

from django.dispatch import Signal

#: Kwarg `organization_ids`: their names or logos are others than before. Sent in the transaction that changed them.
profiles_changed = Signal()
