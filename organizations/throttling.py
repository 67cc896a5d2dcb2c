"""How often one may ask."""

import time
from typing import TYPE_CHECKING

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from common.live.events import client

if TYPE_CHECKING:
    from rest_framework.views import APIView

_WINDOW = 60


class SyncThrottle(BaseThrottle):
    """So many syncs of one person in a minute, counted in Redis; while Redis is away nobody is held up."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count this one."""
        key = f"organizations:syncs:{request.user}:{int(time.time()) // _WINDOW}"
        try:
            pipeline = client().pipeline(transaction=False)
            pipeline.incr(key)
            pipeline.expire(key, _WINDOW)
            count = int(pipeline.execute()[0])
        except (redis.RedisError, OSError):
            return True
        return count <= settings.CLERK_SYNCS_PER_MINUTE

    def wait(self) -> float:
        """Until the next minute begins."""
        return _WINDOW - time.time() % _WINDOW
