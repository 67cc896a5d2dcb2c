"""An organization of the seed, and syncs as the product does them: all but the gateway."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random

from bench.measuring import Cost, cost_of
from bench.seeding import passing_group
from common import tenancy
from whatsapp import services
from whatsapp.client import Participant, Snapshot
from whatsapp.models import Group, Session, SyncRun
from whatsapp.services import SyncJob

_RANDOM = Random(1)


class NotDone(Exception):
    """A sync ended otherwise than it should: what was measured means nothing."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organization; `scope` opens the context of its work."""

    organization_id: str
    scope: Callable[[], AbstractContextManager[None]]

    def new_group(self) -> Group:
        """A group without members."""
        with self.scope():
            return passing_group(self.organization_id)

    def snapshot(self, people: list[Participant]) -> Snapshot:
        """A full list as the gateway's client reads it: our own number, and `people` in any order."""
        with self.scope():
            session = Session.objects.get(organization_id=self.organization_id)
        own = Participant(session.lid, session.full_phone, (session.full_phone or "")[3:], is_admin=True)
        everybody = [own, *people]
        _RANDOM.shuffle(everybody)
        return Snapshot(everybody, total=len(everybody), unreadable=0)

    def sync(self, group: Group, snapshot: Snapshot, *, added: int = 0, left: int = 0) -> Cost:
        """
        The cost of applying a snapshot in a context of its own, by a run that was claimed before.

        :raises NotDone: it was not believed, or it changed something else than it should
        """
        job = self._claim(group)
        cost = cost_of(lambda: self._apply(job, snapshot))
        with self.scope():
            run = SyncRun.objects.get(pk=job.run.pk)
        if (run.status, run.added, run.left, run.updated) != (SyncRun.Status.DONE, added, left, 0):
            raise NotDone(f"{run.status} {run.doubts}: {run.added} added, {run.left} left, {run.updated} updated")
        return cost

    def _claim(self, group: Group) -> SyncJob:
        with self.scope():
            run = SyncRun.objects.create(organization_id=self.organization_id, group=group, requested_by="bench")
            job = services.claim_run(run_id=run.pk, attempt=run.attempt)
        assert job is not None, "nobody else knows the run"
        return job

    def _apply(self, job: SyncJob, snapshot: Snapshot) -> None:
        assert job.session is not None, "the seed's sessions are connected"
        with self.scope():
            services.apply_snapshot(run=job.run, snapshot=snapshot, session=job.session)


def of(organization_id: str) -> Tenant:
    """The organization under row-level security, as the product works for it."""
    return Tenant(organization_id, lambda: tenancy.tenant(organization_id))


def new_people(count: int) -> list[Participant]:
    """People nobody has seen before; every fourth hides the phone."""
    return [_person(is_hidden=number % 4 == 0) for number in range(count)]


def _person(*, is_hidden: bool) -> Participant:
    lid, digits = f"{_RANDOM.randrange(10**14, 9 * 10**14)}@lid", str(_RANDOM.randrange(6 * 10**9, 9 * 10**9))
    return Participant(lid, None, None, False) if is_hidden else Participant(lid, f"+91{digits}", digits, False)
