"""Live updates."""

from config import env

#: The address of the live process; empty: that of the request.
LIVE_URL = env.LIVE_URL
#: How often an open page gets a sign of life, and its reader's membership is checked again.
LIVE_HEARTBEAT_SECONDS = env.LIVE_HEARTBEAT_SECONDS
LIVE_TICKET_SECONDS = 60
#: Most pages that one live process keeps open.
LIVE_MAX_STREAMS = 1000
