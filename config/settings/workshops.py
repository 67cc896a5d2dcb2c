"""Orders and registrations."""

from config import env

#: organization id → platform (`signed`, `razorpay`) → secrets, two of them while one is being changed.
ORDER_SIGNING_SECRETS: dict[str, dict[str, list[str]]] = env.ORDER_SIGNING_SECRETS
#: Workshops that orders with new names may make within an hour, per organization; beyond it they are held.
WORKSHOPS_FROM_ORDERS_PER_HOUR = env.WORKSHOPS_FROM_ORDERS_PER_HOUR
#: How long the token of a URL lives on after it was replaced, unless the replacer says otherwise.
SOURCE_TOKEN_OVERLAP_HOURS = 24
#: Largest file of registrations, in bytes and in rows. It is uploaded on this page of the admin alone.
IMPORT_MAX_BYTES = 5 * 1024 * 1024
IMPORT_MAX_ROWS = 20_000
UPLOAD_PATH = "/admin/workshops/registrationimport/add/"
