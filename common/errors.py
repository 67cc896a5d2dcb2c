"""The root of our own errors. `common.responses` renders them."""

from collections.abc import Mapping


class DomainError(Exception):
    """
    A rule of ours said no. Subclassed beside the function that raises it.

    `code` is for programs and never changes, `message` is for people, `status` is the HTTP status, `headers` go along.
    """

    code = "invalid"
    status = 400
    message = "This cannot be done."
    headers: Mapping[str, str] = {}

    def __init__(self, message: str | None = None) -> None:
        self.message = message or self.message
        super().__init__(self.message)
