"""The root of our own errors. `common.responses` renders them."""


class DomainError(Exception):
    """
    A rule of ours said no. Subclassed beside the function that raises it.

    `code` is for programs and never changes, `message` is for people, `status` is the HTTP status.
    """

    code = "invalid"
    status = 400
    message = "This cannot be done."

    def __init__(self, message: str | None = None) -> None:
        self.message = message or self.message
        super().__init__(self.message)
