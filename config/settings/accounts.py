"""User IDs."""

from config import env

#: By this key another server of ours syncs anybody (`POST /api/accounts/sync`); empty: none may.
ACCOUNTS_SERVICE_KEY = env.ACCOUNTS_SERVICE_KEY
#: Where beat writes the weekly report.
USER_ID_REPORT_DIR = env.USER_ID_REPORT_DIR
#: Columns that hold an app user's id without a foreign key: (table, column, kind, detail). Repairs move them, too.
#: Kinds: `actor`, the id after the prefix `detail`; `generic`, the id where column `detail` is the content type of app
#: users; `json`, the text under the key `detail`; `array` and `id`, without a detail. `migrate` tells the database.
USER_ID_COLUMNS = [
    ("django_admin_log", "object_id", "generic", "content_type_id"),
    ("workshops", "created_by", "actor", "user:"),
    ("whatsapp_sync_runs", "requested_by", "actor", "user:"),
    ("chat_conversations", "requested_by", "actor", "user:"),
    ("organizations", "created_by", "id", ""),
    ("organization_reconcile_runs", "requested_by", "actor", "user:"),
    ("workshop_communities", "created_by", "actor", "user:"),
    ("registrations", "corrected_by", "actor", "user:"),
    ("source_tokens", "created_by", "actor", "user:"),
    ("product_mappings", "mapped_by", "actor", "user:"),
    ("alarms", "acknowledged_by", "actor", "user:"),
    ("registration_imports", "requested_by", "actor", "user:"),
]

#: What `erase_person` empties where an e-mail or phone of the person stands, in this order: (table, its column or an
#: expression, assignments in SQL). An order may name somebody in words of its own: their registration says whose it is.
_ORDER = """name = '', email = '', phone_text = '', payloads = '{"erased": true}'"""
_OF_ORDER = "(SELECT {} FROM registrations WHERE registrations.id = registration_id AND NOT payloads ? 'erased')"
_REGISTRATION = "name = '', email = '', phone_text = '', full_phone = NULL, phone_number = NULL, phone_tail = NULL"
PERSONAL_COLUMNS = [
    ("orders", "email", _ORDER),
    ("orders", _OF_ORDER.format("registrations.email"), _ORDER),
    ("orders", _OF_ORDER.format("registrations.full_phone"), _ORDER),
    ("registrations", "email", f"{_REGISTRATION}, person_key = 'erased:' || id"),
    ("registrations", "full_phone", f"{_REGISTRATION}, person_key = 'erased:' || id"),
]
