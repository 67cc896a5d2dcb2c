"""People who were erased here are deleted in Stream."""

import structlog

from chat import services
from chat.client import StreamClient
from chat.outbound.pushing import pause
from common.vendors import RetryLater, RetrySoon, VendorError

log = structlog.get_logger(__name__)

#: In one sweep.
_MOST = 5


def erase_people() -> None:
    """Delete some of those whose turn it is, for good and with their messages, no faster than Stream allows."""
    client = StreamClient()
    for _ in range(_MOST):
        erasure = services.claim_erasure()
        if erasure is None:
            return
        try:
            client.delete_user(erasure.stream_id)
        except VendorError as error:
            log.warning("somebody was not deleted", erasure=str(erasure.pk), code=error.code)
            services.erasure_failed(erasure=erasure, error=error)
            if isinstance(error, RetrySoon | RetryLater):
                return  # whoever is next would wait for the same; the sweep has other work
        else:
            services.erasure_done(erasure=erasure)
            log.info("user deleted")
            pause(client)
