"""Stream Chat: users, channels, members and messages over the REST API that Stream's own SDKs speak."""

from sandbox.stage import Service
from sandbox.stream.faults import KINDS
from sandbox.stream.operations import OPERATIONS

SERVICE = Service("stream", tuple(OPERATIONS), KINDS)
