"""How webhooks are sent: where to, signed how, tried again when."""

from dataclasses import dataclass, replace

import requests

from sandbox.fields import Fields
from sandbox.problems import Json, bad_input
from sandbox.webhooks.signing import FORMS

#: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h (https://docs.svix.com/retries), a thousand times as fast.
SVIX_RETRY_SECONDS = (0.005, 0.3, 1.8, 7.2, 18.0, 36.0, 36.0)


@dataclass(frozen=True)
class Switches:
    """
    Without a `url` nothing is sent. With `holds` events are kept until they are released. `retry_seconds` are the
    pauses before the second and later attempts. With `keeps_order` one that is tried again holds up those behind it.
    With `compresses` bodies are gzipped.
    """

    url: str
    secret: str
    signature: str = "api_key"
    holds: bool = False
    keeps_order: bool = True
    retry_seconds: tuple[float, ...] = (0.2, 0.5, 1, 2, 4, 8, 15, 30)
    timeout_seconds: float = 10
    compresses: bool = False

    def changed(self, fields: Fields) -> "Switches":
        """With what a control request says; the rest stays. :raises Problem: it makes no sense"""
        url, pauses = fields.text_or_none("url"), fields.numbers_or_none("retry_seconds")
        wishes: dict[str, Json] = {
            "url": check_url(url) if url else url,
            "secret": fields.text("secret") if fields.holds("secret") else None,
            "signature": fields.choice("signature", FORMS) if fields.holds("signature") else None,
            "holds": fields.flag_or_none("holds"),
            "compresses": fields.flag_or_none("compresses"),
            "keeps_order": fields.flag_or_none("keeps_order"),
            "retry_seconds": None if pauses is None else tuple(pauses),
            "timeout_seconds": fields.number_or_none("timeout_seconds", 0.01, 600),
        }
        fields.done()
        return replace(self, **{name: value for name, value in wishes.items() if value is not None})

    def described(self) -> dict[str, Json]:
        """For people and for the control page: all but the secret."""
        shown = {name: value for name, value in vars(self).items() if name != "secret"}
        return {**shown, "retry_seconds": list(self.retry_seconds)}


def check_url(url: str) -> str:
    """The same URL. :raises Problem: nothing can be posted there"""
    problem = bad_input(f"{url} is no URL to post to")
    try:
        prepared = requests.Request("POST", url).prepare()
    except ValueError as error:
        raise problem from error
    if not (prepared.url or "").startswith(("http://", "https://")):
        raise problem
    return url
