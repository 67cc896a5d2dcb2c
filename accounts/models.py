"""StaffUser logs in to the admin; AppUser is a person of the product, whose login the identity provider owns."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Now


class StaffUser(AbstractUser):
    """A login of the Django admin, and of nothing else."""

    class Meta(AbstractUser.Meta):
        db_table = "staff_users"
        verbose_name = "staff user"
        verbose_name_plural = "staff users"


class AppUser(models.Model):
    """
    A person, under the id that the identity provider gave (text: Clerk's `user_…`, or a uuid).

    NOT NULL columns have database defaults, because rows are also written by a trigger.
    """

    id = models.TextField(primary_key=True)
    email = models.TextField(unique=True, null=True, blank=True)
    username = models.TextField(unique=True, null=True, blank=True)
    full_name = models.TextField(blank=True, db_default="")
    profile_image = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    last_active_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "app_users"
        verbose_name = "app user"

    def __str__(self) -> str:
        return self.full_name or self.username or self.id
