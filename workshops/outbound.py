"""Communities in the outside world: created once, looked up when in doubt, completed when half known."""

import logging
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from common import tenancy
from common.jobs import AttemptTaken
from common.vendors import RetryLater, RetrySoon, UnknownOutcome, VendorError
from whatsapp import outbound as whatsapp
from whatsapp.client import CreatedCommunity, ListedGroup, NeedsReconnect
from workshops import services
from workshops.models import Community
from workshops.models.community import fold
from workshops.services import CommunityJob

log = logging.getLogger(__name__)

_LOOK_UP_PAUSE = timedelta(seconds=15)


def create_community(*, community_id: UUID, attempt: int, organization_id: str) -> None:
    """Take a community one step further. Nothing happens when somebody else has it or it has ended."""
    with tenancy.tenant(organization_id):
        job = services.claim_community(community_id=community_id, attempt=attempt)
    if job is None:
        return
    try:
        _step(job)
    except AttemptTaken:
        log.warning("community %s was taken over by another attempt, or its workshop is gone", community_id)
    except Exception:
        # A fault of ours, once the row is claimed: it says so instead of coming back with each lease for ever.
        _unknown(job, "Something went wrong on our side. Look in WhatsApp, then retry.", asks_person=True)
        raise


def _step(job: CommunityJob) -> None:
    try:
        if job.community.parent_group_id:
            _complete(job)
        elif job.community.requested_at:
            _look_up(job)
        else:
            _create(job)
    except UnknownOutcome as error:
        _unknown(job, f"The gateway gave no usable answer ({error.detail}). Its groups are looked through.")
    except VendorError as error:
        _refused(job, error)
    except services.CommunityTaken as error:
        _unknown(job, f"{error} Look in WhatsApp which one is meant.", asks_person=True)


def _create(job: CommunityJob) -> None:
    known = [group.jid for group in whatsapp.list_groups(job.session)]
    with tenancy.tenant(job.community.organization_id):
        services.record_request(community=job.community, session=job.session, known_jids=known)
    created = whatsapp.create_community(
        job.session, name=job.community.name, description=job.plan.description, picture_url=job.plan.picture_url,
        is_announcement=job.plan.is_announcement, is_restricted=job.plan.is_restricted,
        admin_numbers=job.admin_numbers, idempotency_key=f"{job.community.pk}-{job.community.attempt}",
    )  # fmt: skip
    _store(job, created)


def _store(job: CommunityJob, created: CreatedCommunity) -> None:
    """Keep what is known before asking for more: the asking may fail, the community exists."""
    with tenancy.tenant(job.community.organization_id):
        services.record_created(community=job.community, session=job.session, created=created)
    try:
        created = whatsapp.complete(job.session, created)
    except VendorError as error:
        log.warning("community %s could not be completed: %s", job.community.pk, error.detail)
    with tenancy.tenant(job.community.organization_id):
        community = services.community_created(community=job.community, session=job.session, created=created)
    log.info("community %s is %s", community.pk, community.status)


def _complete(job: CommunityJob) -> None:
    """The parent is known, the announcement group is not."""
    parent = job.community.parent_group
    assert parent is not None
    _store(job, CreatedCommunity(parent.group_jid, None, parent.invite_link))


def _look_up(job: CommunityJob) -> None:
    """Adopt the one community that appeared since the attempt; several go to a person; none is waited for."""
    asked_at = timezone.now()
    found = _appeared(job, whatsapp.list_groups(job.session))
    if len(found) == 1:
        log.info("community %s is adopted: %s", job.community.pk, found[0].parent_jid)
        _store(job, found[0])
    elif found:
        jids = ", ".join(created.parent_jid for created in found)
        reason = f"{len(found)} communities of this name appeared: {jids}. Delete all but one in WhatsApp, then retry."
        _unknown(job, reason, asks_person=True)
    elif services.would_be_seen(community=job.community, at=asked_at):
        reason = "The last attempt did not end well, and nothing of it appeared in WhatsApp. It is tried again."
        _failed(job, "unknown_outcome", reason, may_retry=True)
    else:
        _unknown(job, "The last attempt did not end well. The groups in WhatsApp are looked through for its effect.")


def _appeared(job: CommunityJob, groups: list[ListedGroup]) -> list[CreatedCommunity]:
    """Communities that have the attempt's name, were not there before it, and are nobody's."""
    known, name = set(job.community.known_jids), job.community.folded_name
    new = [group for group in groups if group.jid not in known and fold(group.name) == name]
    parents = list(dict.fromkeys(group.linked_parent or group.jid for group in new))
    with tenancy.tenant(job.community.organization_id):
        free = services.unclaimed(organization_id=job.community.organization_id, jids=parents)
    links = {group.linked_parent or group.jid: group.invite_link for group in new if group.invite_link}
    return [
        whatsapp.find_announcement(CreatedCommunity(jid, None, links.get(jid, "")), groups)
        for jid in parents if jid in free
    ]  # fmt: skip


def _refused(job: CommunityJob, error: VendorError) -> None:
    """What a refusal's class means. `job.community` is as it was claimed: with `requested_at`, this was a look-up."""
    log.warning("community %s: %s (%s)", job.community.pk, error.detail, error.code)
    is_look_up = bool(job.community.requested_at or job.community.parent_group_id)
    if isinstance(error, NeedsReconnect):
        whatsapp.mark_disconnected(job.session, error.detail)
        _waits(job, f"The WhatsApp session {job.session} is not connected.", nothing_happened=not is_look_up)
    elif isinstance(error, RetryLater):
        _waits(job, f"WhatsApp asks us to slow down ({error.detail}).", pause=error.after, is_throttled=True)
    elif is_look_up:
        _waits(job, f"The gateway cannot be asked now ({error.detail}).", pause=_LOOK_UP_PAUSE)
    else:
        _failed(job, error.code, f"The gateway refused: {error.detail}", may_retry=isinstance(error, RetrySoon))


def _waits(
    job: CommunityJob, reason: str, *, pause: timedelta | None = None, is_throttled: bool = False,
    nothing_happened: bool = False,
) -> None:  # fmt: skip
    until = timezone.now() + pause if pause else None
    with tenancy.tenant(job.community.organization_id):
        services.community_waits(
            community=job.community, reason=reason, until=until,
            is_throttled=is_throttled, nothing_happened=nothing_happened,
        )  # fmt: skip


def _unknown(job: CommunityJob, reason: str, *, asks_person: bool = False) -> Community:
    with tenancy.tenant(job.community.organization_id):
        return services.outcome_unknown(community=job.community, reason=reason, asks_person=asks_person)


def _failed(job: CommunityJob, code: str, reason: str, *, may_retry: bool) -> Community:
    with tenancy.tenant(job.community.organization_id):
        return services.community_failed(community=job.community, code=code, reason=reason, may_retry=may_retry)
