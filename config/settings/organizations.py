"""Clerk."""

from config import env

CLERK_SECRET_KEY = env.CLERK_SECRET_KEY
#: What webhooks are signed with; two while one is being changed.
CLERK_WEBHOOK_SECRETS = env.CLERK_WEBHOOK_SECRETS
#: Only webhooks of this instance are taken; empty: of any that signs with our secret.
CLERK_INSTANCE_ID = env.CLERK_INSTANCE_ID
CLERK_API_URL = env.CLERK_API_URL
CLERK_API_VERSION = "2025-11-10"
#: Seconds for one call, from the connection to the last byte; shorter for what a person waits for.
CLERK_TIMEOUT = 30.0
CLERK_INTERACTIVE_TIMEOUT = 8.0
#: Rows in one page: the most that Clerk gives.
CLERK_PAGE_SIZE = 500
#: Clerk's roles → ours (organizations/roles.py). One that is not here grants nothing, and the admin tells of it.
CLERK_ROLES = {
    "org:admin": "admin",
    "org:member": "member",
    "org:viewer": "viewer",
    "admin": "admin",  # both are what older applications still send
    "basic_member": "member",
}
#: When more than this share *and* more than this many rows of a kind are gone at once, a person is asked first.
CLERK_IMPLAUSIBLE_SHARE = 0.20
CLERK_IMPLAUSIBLE_COUNT = 10
#: How often one person may ask for a sync, in a minute.
CLERK_SYNCS_PER_MINUTE = 10
