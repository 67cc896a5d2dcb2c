"""What a gateway's refusal means to somebody who waits for its answer: what happened, and what to do."""

import math

from common.errors import DomainError
from common.vendors import Forbidden, RetryLater, RetrySoon, VendorError
from whatsapp.client import WrongJid


class GatewayRefused(DomainError):
    """The gateway did not do what the caller asked for, and will not."""

    code = "gateway_refused"
    status = 502

    def __init__(self, error: VendorError) -> None:
        super().__init__(f"The gateway refused: {error.detail}.")


class GatewayUnavailable(DomainError):
    """The gateway did not answer as it should."""

    code = "gateway_unavailable"
    status = 502

    def __init__(self, error: VendorError) -> None:
        super().__init__(f"The gateway did not answer as it should: {error.detail}. Try again in a minute.")


class RateLimited(DomainError):
    """WhatsApp wants fewer requests; `Retry-After` says when."""

    code = "rate_limited"
    status = 429

    def __init__(self, error: RetryLater) -> None:
        seconds = math.ceil(error.after.total_seconds())
        self.headers = {"Retry-After": str(seconds)}
        super().__init__(f"WhatsApp asks us to slow down. Try again in {seconds} seconds.")


class GroupGone(DomainError):
    """WhatsApp knows no such group, as the number sees it."""

    code = "group_gone"
    status = 409

    def __init__(self, error: VendorError) -> None:
        super().__init__(
            f"WhatsApp knows no such group ({error.detail}): the number may have left it, or it was deleted. Sync the "
            "groups of the number to see what is there."
        )


class NotAllowed(DomainError):
    """The number may not do this in the group."""

    code = "not_allowed_by_whatsapp"
    status = 409

    def __init__(self, error: VendorError) -> None:
        super().__init__(f"WhatsApp does not allow it ({error.detail}). Make the number an admin of the group there.")


def explain(error: VendorError) -> DomainError:
    """The error for the caller."""
    if isinstance(error, RetryLater):
        return RateLimited(error)
    if isinstance(error, WrongJid):
        return GroupGone(error)
    if isinstance(error, Forbidden):
        return NotAllowed(error)
    return GatewayUnavailable(error) if isinstance(error, RetrySoon) else GatewayRefused(error)
