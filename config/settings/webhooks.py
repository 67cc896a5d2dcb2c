"""The inbox, and alarms."""

from config import env

#: The name in `/webhooks/<name>` → the dotted path of a `webhooks.sources.Source`.
WEBHOOK_SOURCES = {
    "clerk": "organizations.inbound.SOURCE",
    "whatsapp": "whatsapp.inbound.SOURCE",
    "tagmango": "workshops.inbound.tagmango.SOURCE",
    "relay": "workshops.inbound.relay.SOURCE",
    "signed": "workshops.inbound.signed.SOURCE",
    "razorpay": "workshops.inbound.razorpay.SOURCE",
    "stream": "chat.inbound.SOURCE",
}
#: Most events in one request.
WEBHOOK_MAX_EVENTS = 1000
#: Most bytes that the events of one request are stored as: the largest one, unpacked and escaped, fits.
WEBHOOK_MAX_STORED_BYTES = 16 * 1024 * 1024
#: Deliveries that have ended are deleted after so many days.
WEBHOOK_RETENTION_DAYS = 90
#: What an event waits for may take so many days to appear; then it is dead.
WEBHOOK_PARKED_DAYS = 7
#: After so many failures in a row a delivery is dead; the pauses double from WEBHOOK_RETRY_SECONDS to an hour.
WEBHOOK_MAX_ATTEMPTS = 10
WEBHOOK_RETRY_SECONDS = 10.0
#: Deliveries handled in one transaction, and how long a drain goes on before it makes room for other tasks.
WEBHOOK_BATCH_SIZE = 100
WEBHOOK_DRAIN_SECONDS = 20.0
#: A handler waits so long for a lock, and may go so long without asking the database anything.
WEBHOOK_LOCK_SECONDS = 10.0
WEBHOOK_IDLE_SECONDS = 60.0
#: How long a process gathers counts of refused deliveries before it writes them; 0: not at all.
WEBHOOK_REFUSED_WRITE_SECONDS = 1.0

#: Who is told of alarms, by e-mail and by a POST. Empty: nobody; the admin and the log say it anyway.
ALARM_EMAILS = env.ALARM_EMAILS
ALARM_WEBHOOK_URL = env.ALARM_WEBHOOK_URL
globals().update(env.email(env.EMAIL_URL))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.EMAIL_FROM or "rollcall@localhost"
#: Refused deliveries of one source for one reason since yesterday; over when none came for so many hours.
WEBHOOK_ALARM_REFUSED = 20
WEBHOOK_ALARM_QUIET_HOURS = 3
#: Failures in a row of one delivery, hours for which one is parked, seconds for which the oldest due one waits.
WEBHOOK_ALARM_FAILED_ATTEMPTS = 5
WEBHOOK_ALARM_PARKED_HOURS = 24
WEBHOOK_ALARM_WAIT_SECONDS = 300
