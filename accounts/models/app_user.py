"""A person of the product."""

from django.db import models
from django.db.models import Value
from django.db.models.functions import Lower, Now, NullIf, Trim


class AppUser(models.Model):
    """
    A person, under the id that the identity provider gave (text: Clerk's `user_…`, or a uuid).

    NOT NULL columns have database defaults, because rows are also written by a trigger, which keeps `email` to what
    the provider has confirmed. `email_key` is what e-mails are compared by. `deleted_in_auth_at` says that the
    provider has deleted the account: the person and everything that points at them stay.
    """

    id = models.TextField(primary_key=True)
    email = models.TextField(unique=True, null=True, blank=True)
    email_key = models.GeneratedField(
        expression=NullIf(Lower(Trim("email")), Value("")), output_field=models.TextField(null=True), db_persist=True
    )
    username = models.TextField(unique=True, null=True, blank=True)
    full_name = models.TextField(blank=True, db_default="")
    profile_image = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    last_active_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_in_auth_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "app_users"
        verbose_name = "person"
        verbose_name_plural = "people"
        indexes = [models.Index(fields=["email_key"], name="app_users_by_email")]

    def __str__(self) -> str:
        return self.full_name or self.username or self.id
