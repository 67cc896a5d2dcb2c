"""The alarm for a configuration that Stream refuses: nothing works until a person has changed something."""

from common import tenancy
from webhooks.models import Alarm
from webhooks.services import close_alarm, raise_alarm

KIND = "chat_misconfigured"
_KEY = "stream"
_ADVICE = "Check STREAM_API_KEY, STREAM_API_SECRET and this server's clock."


def stream_refuses_us(*, detail: str) -> None:
    """Stream does not take our key, secret or tokens."""
    raise_alarm(kind=KIND, key=_KEY, subject="Stream Chat refuses our key or secret", detail=f"{detail} {_ADVICE}")


def is_refused() -> bool:
    """Whether that is so, as far as we know."""
    with tenancy.system():
        return Alarm.objects.open().filter(kind=KIND).exists()


def stream_takes_us() -> None:
    """It does again."""
    close_alarm(kind=KIND, key=_KEY)
