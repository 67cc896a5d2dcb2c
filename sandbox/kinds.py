"""The kinds of fault that every played service can have."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from sandbox.stage import Answer, Kind, Param, Params, json_answer

AFTER_COMMIT = Param(False, "flag")
LONGEST_WAIT = 600

_PAGE = b"""<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx/1.24.0</center></body></html>
"""


def _status(params: Params) -> Answer:
    body = str(params["body"])
    return Answer(int(params["code"]), body.encode(), "application/json" if _is_json(body) else "text/plain")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _retry_after(params: Params) -> Answer:
    seconds = int(params["seconds"])
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    headers = {"Retry-After": until if params["as_date"] else str(seconds)}
    return json_answer({"success": False, "error": "Too many requests"}, 429, headers)


def _html(params: Params) -> Answer:
    return Answer(int(params["code"]), _PAGE, "text/html; charset=utf-8")


def _null(params: Params) -> Answer:
    return json_answer(None)


def _garbage(params: Params) -> Answer:
    return Answer(200, b'{"success": tru')


COMMON: Mapping[str, Kind] = {
    "reset": Kind("The connection is reset before any work is done."),
    "delay": Kind("Waits, then works and answers as usual.", {"seconds": Param(2, "number", 0, LONGEST_WAIT)}),
    "drop_after_commit": Kind("Does the work, then closes the connection without an answer."),
    "timeout_after_commit": Kind(
        "Does the work, then holds the answer back.", {"seconds": Param(80, "number", 0, LONGEST_WAIT)}
    ),
    "status": Kind(
        "Answers with this status and text.",
        {"code": Param(500, "count", 200, 599), "body": Param("Internal Server Error", "text")},
        _status,
    ),
    "retry_after": Kind(
        "Answers 429 with a Retry-After header, in seconds or as a date.",
        {"seconds": Param(30, "count"), "as_date": Param(False, "flag")},
        _retry_after,
    ),
    "html": Kind("Answers with an HTML page.", {"code": Param(200, "count", 200, 599)}, _html),
    "null": Kind("Answers 200 with a JSON null.", replaces=_null),
    "garbage": Kind("Answers 200 with broken JSON.", replaces=_garbage),
}
