"""The WhatsApp gateways."""

from typing import Any

from config import env

#: name → {"url": …, "api_key": …, "webhook_secrets": […]}. A Session names its gateway.
WHATSAPP_GATEWAYS: dict[str, dict[str, Any]] = env.WHATSAPP_GATEWAYS
WHATSAPP_READ_TIMEOUT = 65.0
#: Asked of every session again and again: one that does not answer must not hold up the others.
WHATSAPP_STATUS_TIMEOUT = 8.0
#: For what a person waits for in a web request.
WHATSAPP_INTERACTIVE_TIMEOUT = 8.0
#: The gateway gives up its own query after 60 s: a shorter timeout here would invent failures.
WHATSAPP_CREATE_TIMEOUT = 75.0
#: Seconds between two creations through one number.
WHATSAPP_CREATE_SPACING_SECONDS = env.WHATSAPP_CREATE_SPACING_SECONDS
#: How long a QR code can be scanned. WhatsApp's live for 20 to 60 s, and the gateway shows each in its time.
WHATSAPP_QR_SECONDS = 60
#: A snapshot in which more than this share *and* more than this many people are gone asks a person.
WHATSAPP_IMPLAUSIBLE_FALL_SHARE = 0.30
WHATSAPP_IMPLAUSIBLE_FALL_COUNT = 10
#: The members of each group are synced again when the last good sync is so many hours old; 0: never by itself.
WHATSAPP_RECONCILE_HOURS = env.WHATSAPP_RECONCILE_HOURS
#: Syncs older than that are deleted at night, but for each group's latest and its latest good one.
WHATSAPP_SYNC_RETENTION_DAYS = 90
#: Hours for which a connected number may tell nothing while its groups change; a session may have its own.
WHATSAPP_SILENCE_HOURS = env.WHATSAPP_SILENCE_HOURS
#: Hours for which a number may be away while something waits for it.
WHATSAPP_AWAY_HOURS = 1.0
#: Seconds within which our clock and a gateway's cannot be told apart.
WHATSAPP_CLOCK_UNCERTAINTY = 2.0
