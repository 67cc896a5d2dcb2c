"""Erasing one person: what has to stay (rows that others count on) stays under an id that means nobody."""

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from accounts.models import AppUser, AuthUser, Repair, SyncFailure
from accounts.signals import person_erased
from common import tenancy
from common.errors import DomainError
from webhooks.services import erase_deliveries

_BURY = "SELECT user_sync_bury(%s, coalesce((SELECT provider FROM auth_users WHERE id = %s), 'erased'), now())"
_BLANK = """
UPDATE app_users SET email = NULL, username = NULL, full_name = '', profile_image = '', last_active_at = NULL,
  deleted_in_auth_at = coalesce(deleted_in_auth_at, now()), updated_at = now() WHERE id = %s
"""
_ADMIN_LOG = """
UPDATE django_admin_log SET object_repr = 'erased', change_message = '' WHERE object_id = %s AND content_type_id =
  (SELECT id FROM django_content_type WHERE app_label = 'accounts' AND model = 'appuser')
"""
#: Nothing that was done to this person can be undone any more.
_TRAIL = """
UPDATE user_sync_audit SET facts = '{}', undone_at = coalesce(undone_at, now()),
  auth_id = CASE WHEN auth_id = %(id)s THEN %(nobody)s ELSE auth_id END,
  old_id = CASE WHEN old_id = %(id)s THEN %(nobody)s ELSE old_id END,
  new_id = CASE WHEN new_id = %(id)s THEN %(nobody)s ELSE new_id END
WHERE %(id)s IN (auth_id, old_id, new_id)
"""


class PersonUnknown(DomainError):
    """There is nobody with this id."""

    code = "person_unknown"
    status = 404
    message = "There is no app user and no identity with this id."


@dataclass(frozen=True, slots=True)
class Erasure:
    """
    Rows changed by place, and the id under which the rest stays.

    `others` are ids that share an e-mail with the person, and were left alone: whose they are, a person must say.
    """

    counts: dict[str, int]
    nobody: str
    others: list[str]


def erase_person(*, id: str, actor: str, is_dry_run: bool) -> Erasure:
    """
    Remove everything personal of an app user and their identity, stored deliveries included, in one transaction;
    `person_erased` tells the apps above, who remove the person elsewhere.

    Their rows move to a new id that says nothing, the identity stays as a bare tombstone, so that no late event brings
    them back. It cannot be undone. A dry run does all of it and takes it back.

    :raises PersonUnknown: neither side knows the id
    """
    with tenancy.system():
        erasure = _erase(id, f"erased-{uuid.uuid4()}")
        if is_dry_run:
            transaction.set_rollback(True)
            return erasure
        Repair.objects.create(
            run=uuid.uuid4(), action=Repair.Action.ERASE, auth_id=erasure.nobody, new_id=erasure.nobody,
            counts=erasure.counts, actor=actor,
        )  # fmt: skip
        person_erased.send(sender=AppUser, user_id=erasure.nobody)
    return erasure


def _erase(id: str, nobody: str) -> Erasure:
    names = _names(id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('rollcall user ids')), user_sync_check_keys()")
        cursor.execute("SELECT unnest(user_sync_closure(ARRAY[%s], '{}')) EXCEPT SELECT %s ORDER BY 1", [id, id])
        others = [other for (other,) in cursor.fetchall()]
        cursor.execute("SELECT place, moved FROM user_sync_rekey(ARRAY[%s], ARRAY[%s])", [id, nobody])
        counts = dict(cursor.fetchall())
        cursor.execute("SELECT user_sync_check_left(ARRAY[%s], ARRAY[%s])", [id, nobody])
        cursor.execute(_BLANK, [nobody])
        counts["app_users"] = cursor.rowcount
        cursor.execute(_BURY, [id, id])
        cursor.execute(_ADMIN_LOG, [nobody])
        counts["webhook_deliveries"] = erase_deliveries(names=[id, *names])
        cursor.execute(_TRAIL, {"id": id, "nobody": nobody})
        counts["user_sync_audit"] = cursor.rowcount
        for table, key, assignments in settings.PERSONAL_COLUMNS:
            cursor.execute(f"UPDATE {table} SET {assignments} WHERE lower({key}) = ANY(%s)", [names])
            counts[table] = counts.get(table, 0) + cursor.rowcount
    counts["user_sync_failures"], _ = SyncFailure.objects.filter(auth_id=id).delete()
    return Erasure({place: number for place, number in sorted(counts.items()) if number}, nobody, others)


def _names(id: str) -> list[str]:
    """The e-mails and the phone by which others may know the person, in lower case."""
    person, identity = AppUser.objects.filter(pk=id).first(), AuthUser.objects.filter(pk=id).first()
    if person is None and identity is None:
        raise PersonUnknown
    found = {
        person.email if person else None,
        identity.email if identity else None,
        identity.phone if identity else None,
    }
    return sorted({name.strip().lower() for name in found if name and name.strip()})
