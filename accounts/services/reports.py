"""The weekly report: who is out of step between the identity provider and app_users."""

import logging
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from accounts import tables
from accounts.models import SyncFailure
from accounts.services.plans import count_states, people_out_of_step

log = logging.getLogger(__name__)
COLUMNS = ("state", "user_id", "auth_id", "app_id", "occupant_id", "auth_email", "app_email")


def write_weekly_report() -> Path | None:
    """
    Write one CSV with everybody out of step, and one line of counts into the log; answers the file.

    A folder that cannot be written is an error in the log, and the counts are told all the same: None.
    """
    now = timezone.now()
    counts = {state: number for state, number in count_states().items() if number}
    lately = {state: number for state, number in count_states(since=now - timedelta(days=7)).items() if number}
    open_failures = SyncFailure.objects.filter(resolved_at=None).count()
    log.info("user ids: %s; signed up in 7 days: %s; open sign-up failures: %d", counts, lately, open_failures)
    path = Path(settings.USER_ID_REPORT_DIR) / f"user-ids-{now:%Y-%m-%d}.csv"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            tables.write(file, COLUMNS, people_out_of_step(), "csv")
    except OSError as error:
        log.error("the report on user ids could not be written: %s", error)
        return None
    return path
