"""Who holds a token of a company."""

from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from organizations.models import Membership
from organizations.roles import RIGHTS, Right

_SPEAKING = [role for role, rights in RIGHTS.items() if Right.SPEAK in rights]


class CompanyTokenQuerySet(models.QuerySet["CompanyToken"]):
    """Finding those that are in the wrong hands."""

    def lost(self) -> Self:
        """
        Live ones of people who may no longer speak for the company, however that came about, and which Stream may take.

        It is not established whether it takes them again once a profile was pushed.
        """
        speaking = Membership.objects.filter(
            organization=OuterRef("identity__company"), user=OuterRef("person"), role__in=_SPEAKING,
            organization__deleted_at=None, user__deleted_in_auth_at=None,
        )  # fmt: skip
        may_be_taken = Q(revoked_at=None) | Q(identity__pushed_at__gt=F("revoked_at"))
        return self.filter(~Exists(speaking), may_be_taken, expires_at__gt=Now())


class CompanyToken(models.Model):
    """
    A token of a company, `identity`, that was given to `person` and ends at `expires_at`, or was ended at `revoked_at`;
    not the token itself.

    It is written before the person gets the token. When they may no longer speak for the company, a sweep ends all of
    the company's tokens in Stream: those who still may get another.
    """

    id = models.BigAutoField(primary_key=True)
    identity = models.ForeignKey("chat.StreamIdentity", on_delete=models.CASCADE, related_name="company_tokens")
    person = models.ForeignKey("accounts.AppUser", null=True, on_delete=models.SET_NULL, related_name="+")
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = CompanyTokenQuerySet.as_manager()

    class Meta:
        db_table = "chat_company_tokens"

    def __str__(self) -> str:
        return f"token {self.pk} of {self.identity_id}"
