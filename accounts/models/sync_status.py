"""How the identity provider and app_users agree on each person."""

from django.db import connection, models

_CLOSURE = "SELECT user_sync_closure(ARRAY[%s], '{}')"
_ONE = "SELECT * FROM user_sync_states(%s::text[]) WHERE user_id = %s"


class SyncStatusQuerySet(models.QuerySet["SyncStatus"]):
    """Reading the view."""

    def look_up(self, user_id: str) -> "SyncStatus | None":
        """One person, by indexes: the view would look at everybody."""
        with connection.cursor() as cursor:
            cursor.execute(_CLOSURE, [user_id])
            (among,) = cursor.fetchone()
        return next(iter(self.raw(_ONE, [among, user_id])), None)


class SyncStatus(models.Model):
    """A row of the view `user_sync_status`: a person, in exactly one state."""

    class State(models.TextChoices):
        """`accounts/sql/status.sql` decides."""

        SYNCED = "SYNCED", "in step"
        MISSING_APP_USER = "MISSING_APP_USER", "no app user"
        ID_MISMATCH = "ID_MISMATCH", "app user has another id"
        SWAPPED = "SWAPPED", "ids are swapped"
        TARGET_OCCUPIED = "TARGET_OCCUPIED", "the right id is taken"
        ORPHAN_APP_USER = "ORPHAN_APP_USER", "no identity"
        EMAIL_DRIFT = "EMAIL_DRIFT", "another e-mail"
        AMBIGUOUS = "AMBIGUOUS", "several could be it"
        UNMATCHABLE = "UNMATCHABLE", "nothing to match by"
        DELETED_IN_AUTH = "DELETED_IN_AUTH", "account deleted"

    #: What `fix-all` repairs by itself.
    AUTOMATIC = (State.MISSING_APP_USER, State.ID_MISMATCH, State.SWAPPED, State.EMAIL_DRIFT)
    #: What somebody has to decide, or leave as it is.
    FOR_A_PERSON = (
        State.TARGET_OCCUPIED, State.AMBIGUOUS, State.ORPHAN_APP_USER, State.UNMATCHABLE, State.DELETED_IN_AUTH,
    )  # fmt: skip
    #: What should not stay as it is.
    TO_FIX = (*AUTOMATIC, State.TARGET_OCCUPIED, State.AMBIGUOUS)

    user_id = models.TextField("id", primary_key=True)
    state = models.TextField(choices=State)
    auth_id = models.TextField("identity", null=True)  # noqa: DJ001  (NULL: no identity)
    app_id = models.TextField("app user", null=True)  # noqa: DJ001  (NULL: no app user)
    occupant_id = models.TextField("in the place", null=True)  # noqa: DJ001  (NULL: nobody is in the place)
    auth_email = models.TextField("e-mail of the identity", null=True)  # noqa: DJ001  (NULL as in auth_users)
    app_email = models.TextField("e-mail of the app user", null=True)  # noqa: DJ001  (NULL as in app_users)
    ending = models.TextField(null=True)  # noqa: DJ001  (NULL: nobody moves)
    created_at = models.DateTimeField("signed up")

    objects = SyncStatusQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "user_sync_status"
        verbose_name = "user ID"

    def __str__(self) -> str:
        return f"{self.auth_email or self.app_email or self.user_id} ({self.get_state_display()})"
