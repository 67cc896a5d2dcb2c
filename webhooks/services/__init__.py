"""What may be done to the inbox, and alarms."""

from webhooks.services.alarms import (
    Trouble,
    acknowledge_alarm,
    close_alarm,
    raise_alarm,
    settle_alarms,
)
from webhooks.services.inbox import Progress, erase_deliveries, process_again, prunable, prune, sweep, unpark
from webhooks.services.notices import claim_notice, notice_failed, notice_sent, send_again, sweep_notices
from webhooks.services.troubles import troubles, watch

__all__ = [
    "Progress",
    "Trouble",
    "acknowledge_alarm",
    "claim_notice",
    "close_alarm",
    "erase_deliveries",
    "notice_failed",
    "notice_sent",
    "process_again",
    "prunable",
    "prune",
    "raise_alarm",
    "send_again",
    "settle_alarms",
    "sweep",
    "sweep_notices",
    "troubles",
    "unpark",
    "watch",
]
