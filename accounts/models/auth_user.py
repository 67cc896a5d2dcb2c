"""What the identity provider says of a person."""

from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Lower, Now, Trim

#: Unconfirmed addresses prove nothing; a soft-deleted account's is a hash without "@".
_IS_PROVEN = Q(email_confirmed_at__isnull=False, deleted_at__isnull=True, is_anonymous=False, email__contains="@")


def _proven_email() -> Case:
    return Case(When(_IS_PROVEN, then=Lower(Trim(F("email")))), default=None)


class AuthUser(models.Model):
    """
    The mirror of the provider's users, Clerk's or Supabase's, with the columns of Supabase's `auth.users`.

    A trigger makes and keeps the AppUser of each row. A row with `deleted_at` is a tombstone: it stays for ever.
    `email_key` is the e-mail by which the person may be matched: NULL unless it is confirmed and the account alive.
    """

    id = models.TextField(primary_key=True)
    email = models.TextField(null=True)  # noqa: DJ001  (NULL as in auth.users: the person has none)
    phone = models.TextField(db_default="")
    email_confirmed_at = models.DateTimeField(null=True)
    is_sso_user = models.BooleanField(db_default=False)
    is_anonymous = models.BooleanField(db_default=False)
    raw_user_meta_data = models.JSONField(default=dict, db_default={})
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True)
    provider = models.TextField(db_default="clerk")
    email_key = models.GeneratedField(
        expression=_proven_email(), output_field=models.TextField(null=True), db_persist=True
    )

    class Meta:
        db_table = "auth_users"
        verbose_name = "identity"
        verbose_name_plural = "identities"
        indexes = [
            models.Index(fields=["email_key"], name="auth_users_by_email"),
            models.Index(fields=["created_at"], name="auth_users_created_at"),
        ]

    def __str__(self) -> str:
        return self.email or self.id
