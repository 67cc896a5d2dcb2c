"""What `resync_members` does: choose groups, sync one after the other, add up."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from common import tenancy
from common.jobs import AttemptTaken
from organizations.models import Organization
from whatsapp import outbound
from whatsapp import services as whatsapp
from whatsapp.models import Group, SyncRun
from workshops.models import Workshop

REQUESTED_BY = "command:resync_members"
WRONG_ARGUMENTS = 2
_CHANGES = ("added", "returned", "left", "updated", "unchanged")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which groups: one of the first four is set, or `stale_hours` alone."""

    organization: str | None = None
    workshop: str | None = None
    group: str | None = None
    is_all: bool = False
    stale_hours: float | None = None

    def groups(self) -> QuerySet[Group]:
        """
        The chosen groups that hold people, the longest unsynced first; a community's parent stands for its people.

        :raises CommandError: there is no such organization, workshop or group, or nothing in it that holds people
        """
        chosen = self._chosen()
        found = Group.objects.trackable().filter(Q(pk__in=chosen.values("pk")) | Q(parent__in=chosen.values("pk")))
        if (self.group or self.workshop) and not found.exists():
            raise CommandError(self._nobody(chosen))
        if self.stale_hours is not None:
            limit = timezone.now() - timedelta(hours=self.stale_hours)
            found = found.filter(Q(last_snapshot_at=None) | Q(last_snapshot_at__lt=limit))
        return found.order_by(F("last_snapshot_at").asc(nulls_first=True), "pk")

    def _chosen(self) -> QuerySet[Group]:
        if self.organization is not None:
            if not Organization.objects.filter(pk=self.organization).exists():
                raise _unknown("organization", self.organization)
            return Group.objects.filter(organization_id=self.organization)
        if self.workshop is not None:
            workshop = _find(Workshop.objects.all(), self.workshop)
            if workshop is None:
                raise _unknown("workshop", self.workshop)
            return Group.objects.filter(Q(workshop_links__workshop=workshop) | Q(pk=workshop.community_group_id))
        return self._named_group() if self.group is not None else Group.objects.all()

    def _named_group(self) -> QuerySet[Group]:
        by_jid = Group.objects.filter(group_jid=self.group)
        by_id = _find(Group.objects.all(), self.group or "")
        if by_id is None and not by_jid.exists():
            raise _unknown("group", self.group or "")
        return Group.objects.filter(pk=by_id.pk) if by_id else by_jid

    def _nobody(self, chosen: QuerySet[Group]) -> str:
        parent = chosen.first()
        if parent is None:
            return "This workshop has no WhatsApp group yet: see the state of its community."
        return whatsapp.GroupNotTrackable(parent).message


def _find(rows: QuerySet[Any], pk: str) -> Any:
    try:
        return rows.filter(pk=UUID(pk)).first()
    except (ValueError, ValidationError):
        return None


def _unknown(kind: str, text: str) -> CommandError:
    return CommandError(f"There is no {kind} {text}.", returncode=WRONG_ARGUMENTS)


def sync(*, group_id: UUID, organization_id: str) -> SyncRun | None:
    """
    Sync one group here and now, whoever asked for it first; a run that a worker holds is left to it.

    None when the group was deleted meanwhile.

    Stopped in the middle, it ends the run as failed: nothing of it was written.
    """
    with tenancy.tenant(organization_id):
        group = Group.objects.filter(pk=group_id).first()
        if group is None:
            return None
        run = whatsapp.request_sync(group=group, requested_by=REQUESTED_BY, starts=False)
    try:
        outbound.sync_members(run_id=run.pk, attempt=run.attempt, organization_id=organization_id)
    except KeyboardInterrupt:
        _give_up(run)
        raise
    with tenancy.tenant(organization_id):
        return SyncRun.objects.select_related("group").get(pk=run.pk)


def _give_up(run: SyncRun) -> None:
    with tenancy.tenant(run.organization_id):
        claimed = SyncRun.objects.filter(pk=run.pk, attempt=run.attempt + 1, status=SyncRun.Status.RUNNING).first()
        if claimed:
            try:
                whatsapp.fail_run(run=claimed, code="stopped", error="resync_members was stopped.")
            except AttemptTaken:
                return  # it has just been taken over, or it has ended


@dataclass(slots=True)
class Totals:
    """How many runs ended how, and what they changed."""

    ends: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)

    def add(self, run: SyncRun) -> str:
        """Count a run; answers it in words."""
        self.ends[_end(run)] += 1
        if run.status != SyncRun.Status.DONE:
            return f"{_end(run)}: {_why(run)}"
        changes = {name: getattr(run, name) for name in _CHANGES}
        self.changes.update(changes)
        return f"done: {_numbers(changes)}"

    @property
    def is_clean(self) -> bool:
        """Whether everything is done."""
        return self.ends.total() == self.ends["done"]

    def __str__(self) -> str:
        number = self.ends.total()
        ends = _numbers({name: self.ends[name] for name in ("done", "suspicious", "failed", "waiting")})
        changes = _numbers({name: self.changes[name] for name in _CHANGES})
        return f"{number} {'group' if number == 1 else 'groups'}: {ends}; {changes}"


def _numbers(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in numbers.items())


def _end(run: SyncRun) -> str:
    return "waiting" if run.status in SyncRun.UNDER_WAY else str(run.status)


def _why(run: SyncRun) -> str:
    if run.status == SyncRun.Status.RUNNING:
        return "a worker is at it."
    return "; ".join(run.doubt_texts) or run.error or run.wait_reason or "a worker will take it."
