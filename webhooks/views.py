"""The door for deliveries."""

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from common.responses import json_error
from webhooks import receiving
from webhooks.sources import Invalid, Refused

_CODES = {400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found"}
_RETRY_AFTER = "10"


@csrf_exempt
def receive(request: HttpRequest, source: str, path: str = "") -> HttpResponse:
    """`{"received": n}` once the events are kept. Whoever is refused is not told why."""
    if request.method != "POST":
        answer: HttpResponse = json_error(405, "method_not_allowed", "Deliveries are posted.")
        answer["Allow"] = "POST"
        return answer
    try:
        number = receiving.receive(source=source, path=path, headers=request.headers, body=request.body)
    except Refused as refusal:
        return json_error(refusal.status, _CODES[refusal.status], "This delivery was refused.")
    except Invalid as invalid:
        return json_error(400, "invalid", "Some values are not right: see fields.", fields=invalid.fields)
    except UnreadablePostError:
        return json_error(400, "bad_request", "The body did not arrive.")
    except DatabaseError:
        answer = json_error(503, "unavailable", "The delivery was not kept: send it again.")
        answer["Retry-After"] = _RETRY_AFTER
        return answer
    return JsonResponse({"received": number})
