"""The WhatsApp gateway: its world, what its callers get to see of it, and its faults."""

from sandbox.gateway.faults import KINDS
from sandbox.stage import Service

OPERATIONS = (
    "connect", "status", "disconnect", "health", "groups", "create_community", "participants", "add_participants",
    "invite", "send", "unknown",
)  # fmt: skip
SERVICE = Service("gateway", OPERATIONS, KINDS)
