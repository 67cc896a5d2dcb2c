"""The one error that a person at the terminal is shown, as a line of its own."""

WRONG_PREREQUISITE = 2
FAILED = 1


class Problem(Exception):
    """
    Something that ends the command, told in words that say what to do about it.

    `exit_code` is 2 for a missing or wrong prerequisite and 1 for a part of Rollcall that failed.
    """

    def __init__(self, message: str, *, exit_code: int = WRONG_PREREQUISITE) -> None:
        super().__init__(message)
        self.exit_code = exit_code
