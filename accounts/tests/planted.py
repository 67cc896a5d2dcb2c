"""One person, or two, in each state."""

from django.db import connection

_IDENTITIES = """
INSERT INTO auth_users (id, email, email_confirmed_at, is_sso_user, is_anonymous, deleted_at) VALUES
  ('synced', 'synced@x.example', now(), false, false, NULL),
  ('missing', 'missing@x.example', now(), false, false, NULL),
  ('moved', 'moved@x.example', now(), false, false, NULL),
  ('swap1', 'swap1@x.example', now(), false, false, NULL),
  ('swap2', 'swap2@x.example', now(), false, false, NULL),
  ('occupied', 'occupied@x.example', now(), false, false, NULL),
  ('drift', 'drift@x.example', now(), false, false, NULL),
  ('twin1', 'twin@x.example', now(), true, false, NULL),
  ('twin2', 'twin@x.example', now(), true, false, NULL),
  ('nameless', NULL, NULL, false, true, NULL),
  ('buried', '0f3c', now(), false, false, now())
"""
_PEOPLE = """
DELETE FROM app_users; DELETE FROM user_sync_failures;
INSERT INTO app_users (id, email, full_name) VALUES
  ('synced', 'synced@x.example', 'Synced'), ('old_moved', 'Moved@x.example', 'Moved'),
  ('swap1', 'swap2@x.example', 'Swap 2'), ('swap2', 'swap1@x.example', 'Swap 1'),
  ('old_occupied', 'occupied@x.example', 'Occupied, old'), ('occupied', NULL, 'Occupied, new'),
  ('drift', 'before@x.example', 'Drift'), ('old_twin', 'twin@x.example', 'Twin'),
  ('nobody', 'nobody@x.example', 'Orphan'), ('buried', 'buried@x.example', 'Buried')
"""
#: How many people are in each state.
STATES = {
    "SYNCED": 1, "MISSING_APP_USER": 1, "ID_MISMATCH": 1, "SWAPPED": 2, "TARGET_OCCUPIED": 1, "ORPHAN_APP_USER": 1,
    "EMAIL_DRIFT": 1, "AMBIGUOUS": 3, "UNMATCHABLE": 1, "DELETED_IN_AUTH": 1,
}  # fmt: skip


def plant() -> None:
    """Into the database; what the trigger makes on the way is removed."""
    with connection.cursor() as cursor:
        cursor.execute(_IDENTITIES)
        cursor.execute(_PEOPLE)
