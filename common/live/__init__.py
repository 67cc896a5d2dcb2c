"""
Live updates: what has changed, told to the pages that are open.

Each topic (the id of a workshop) is a Redis Stream, which remembers its latest events, so that a page that comes back
learns what it missed. An event only says that something has changed; the page then asks the API.
"""

from common.live.events import Event, publish
from common.live.hub import Full, Hub, Listener
from common.live.tickets import LiveUnavailable, Ticket, issue_ticket, take_ticket

__all__ = [
    "Event", "Full", "Hub", "Listener", "LiveUnavailable", "Ticket", "issue_ticket", "publish", "take_ticket",
]  # fmt: skip
