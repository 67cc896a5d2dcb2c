"""Telling operators of alarms: safe to run twice, with no transaction open meanwhile."""

import logging

from common.jobs import AttemptTaken
from common.vendors import RetryLater, VendorError
from webhooks import client, services

log = logging.getLogger(__name__)


def send_notice(*, notice_id: int, attempt: int) -> None:
    """Send one message about an alarm. Nothing happens when somebody else has it or it has been sent."""
    notice = services.claim_notice(notice_id=notice_id, attempt=attempt)
    if notice is None:
        return
    try:
        try:
            client.send(notice)
        except VendorError as error:
            log.warning("notice %s did not arrive: %s", notice_id, error.detail)
            pause = error.after if isinstance(error, RetryLater) else None
            services.notice_failed(notice=notice, error=error.detail, pause=pause)
        except Exception:
            # A fault of ours: it says so instead of coming back with each lease for ever.
            services.notice_failed(notice=notice, error="Something went wrong on our side.")
            raise
        else:
            services.notice_sent(notice=notice)
    except AttemptTaken:
        log.warning("notice %s was taken over by another attempt", notice_id)
