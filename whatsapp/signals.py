"""What the apps above hear of WhatsApp."""

from django.dispatch import Signal

#: `old` and `new`, two Sessions of one organization: the number of `old` is connected under `new` now. Sent inside the
#: transaction that moves everything, so that whoever holds a reference moves it there, too.
session_replaced = Signal()
