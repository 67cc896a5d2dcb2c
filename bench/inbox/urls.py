"""The product's paths, and two more: a view that does nothing, and one that verifies and does nothing."""

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from bench.inbox import sender
from config.urls import handler404, handler500
from config.urls import urlpatterns as of_the_product
from webhooks.sources import Request

__all__ = ["handler404", "handler500", "urlpatterns"]

EMPTY = "/bench/empty"
VERIFIED = "/bench/verified"


@csrf_exempt
def empty(request: HttpRequest) -> JsonResponse:
    """Answer."""
    return JsonResponse({"received": 1})


@csrf_exempt
def verified(request: HttpRequest) -> JsonResponse:
    """Verify and answer."""
    sender.verify(Request("bench", {}, request.headers, request.body))
    return JsonResponse({"received": 1})


urlpatterns = [*of_the_product, path(EMPTY[1:], empty), path(VERIFIED[1:], verified)]
