"""A login of the admin."""

from django.contrib.auth.models import AbstractUser


class StaffUser(AbstractUser):
    """A login of the Django admin, and of nothing else."""

    class Meta(AbstractUser.Meta):
        db_table = "staff_users"
        verbose_name = "staff user"
        verbose_name_plural = "staff users"
