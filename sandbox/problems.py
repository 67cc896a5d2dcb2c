"""What the control API answers to a request that it cannot follow."""

from typing import Any

Json = Any  #: what json.dumps takes


class Problem(Exception):
    """Refused: `status` is 4xx, `code` is for programs and `detail` for people."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        super().__init__(detail)


def bad_input(detail: str) -> Problem:
    """The request itself is wrong."""
    return Problem(400, "bad_input", detail)


def not_there(code: str, detail: str) -> Problem:
    """The request names something that does not exist."""
    return Problem(404, code, detail)


def not_possible(code: str, detail: str) -> Problem:
    """The request is fine, but the world is in no state for it."""
    return Problem(409, code, detail)
