"""Who registered for a workshop, who is in its group, and how the two belong together: from rows, by SQL."""

from workshops.services.participation.buckets import Bucket, Match
from workshops.services.participation.counts import Participation, count_people
from workshops.services.participation.people import (
    ORDERINGS,
    CursorUnknown,
    Page,
    People,
    Person,
    list_people,
    stream_people,
)
from workshops.services.participation.sheet import write_sheet
from workshops.services.participation.timeline import Day, list_days

__all__ = [
    "ORDERINGS",
    "Bucket",
    "CursorUnknown",
    "Day",
    "Match",
    "Page",
    "Participation",
    "People",
    "Person",
    "count_people",
    "list_days",
    "list_people",
    "stream_people",
    "write_sheet",
]
