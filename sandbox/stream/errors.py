"""Stream's refusals: https://getstream.io/chat/docs/python/api_errors_response/."""

from collections.abc import Mapping

from sandbox.stage import Answer, Refused, json_answer

INTERNAL, ACCESS_KEY, INPUT, AUTHENTICATION, RATE_LIMIT = -1, 2, 4, 5, 9
DOES_NOT_EXIST, NOT_ALLOWED, TIMEOUT = 16, 17, 23
TOKEN_EXPIRED, TOKEN_NOT_YET, TOKEN_BEFORE_ISSUED, TOKEN_SIGNATURE = 40, 41, 42, 43
STATUSES: Mapping[int, int] = {
    INTERNAL: 500, ACCESS_KEY: 401, INPUT: 400, AUTHENTICATION: 401, RATE_LIMIT: 429,
    DOES_NOT_EXIST: 404, NOT_ALLOWED: 403, TIMEOUT: 408,
    TOKEN_EXPIRED: 401, TOKEN_NOT_YET: 401, TOKEN_BEFORE_ISSUED: 401, TOKEN_SIGNATURE: 401,
}  # fmt: skip


def answer(code: int, message: str, status: int | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """An error as Stream writes it."""
    status = STATUSES.get(code, 400) if status is None else status
    body = {
        "code": code, "message": message, "StatusCode": status, "duration": "0.00ms", "details": [],
        "more_info": "https://getstream.io/chat/docs/api_errors_response",
    }  # fmt: skip
    return json_answer(body, status, headers)


def failed(rpc: str, code: int, text: str) -> Refused:
    """An operation that was refused."""
    return Refused(answer(code, f'{rpc} failed with error: "{text}"'))
