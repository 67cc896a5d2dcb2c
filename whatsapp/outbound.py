"""Effects on the outside world: one function each, safe to run twice, with no transaction open during HTTP."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError
from django.utils import timezone

from common import tenancy
from common.jobs import AttemptTaken
from common.vendors import RetryLater, RetrySoon, VendorError
from whatsapp import services
from whatsapp.client import CreatedCommunity, GatewayClient, ListedGroup, NeedsReconnect, Snapshot, WrongJid
from whatsapp.models import Group, Session, SyncRun
from whatsapp.refusals import explain
from whatsapp.services import SyncJob

log = logging.getLogger(__name__)

#: How long a gateway that did not list its groups is left alone.
_LIST_PAUSE = timedelta(minutes=5)


def sync_members(*, run_id: UUID, attempt: int, organization_id: str) -> None:
    """Fetch a group's members and apply them. Nothing happens when somebody else has the run or it has ended."""
    with tenancy.tenant(organization_id):
        job = services.claim_run(run_id=run_id, attempt=attempt)
    if job is None:
        return
    try:
        _step(job)
    except AttemptTaken:
        log.warning("sync run %s was taken over by another attempt", run_id)
    except Exception:
        # A fault of ours, once the row is claimed: it says so instead of coming back with each lease for ever.
        with tenancy.tenant(organization_id):
            services.fail_run(run=job.run, code="internal_error", error="Something went wrong on our side.")
        raise


def _step(job: SyncJob) -> None:
    if job.session is None:
        _postpone(job.run, "The session that sees this group is not connected.")
        return
    try:
        client = GatewayClient(job.session.gateway)
        snapshot = client.list_participants(job.session.gateway_session_id, job.group_jid)
    except VendorError as error:
        _end_without_snapshot(job, error)
    else:
        _apply(job, job.session, snapshot)


def _apply(job: SyncJob, session: Session, snapshot: Snapshot) -> None:
    """Write all, or fail loudly with the count and the reason."""
    try:
        with tenancy.tenant(job.run.organization_id):
            run = services.apply_snapshot(run=job.run, snapshot=snapshot, session=session)
    except DatabaseError as error:
        fetched = len(snapshot.participants)
        reason = f"{fetched} people were fetched and none written: {str(error).splitlines()[0]}"
        log.error("sync run %s: %s", job.run.pk, reason)
        with tenancy.tenant(job.run.organization_id):
            services.fail_run(run=job.run, code="not_written", error=reason, fetched=fetched)
        return
    log.info("sync run %s is %s: %s fetched, %s added, %s left", run.pk, run.status, run.fetched, run.added, run.left)


def _end_without_snapshot(job: SyncJob, error: VendorError) -> None:
    log.warning("sync run %s: %s (%s)", job.run.pk, error.detail, error.code)
    if isinstance(error, NeedsReconnect):
        if job.session:
            mark_disconnected(job.session, error.detail)
        _postpone(job.run, "The session that sees this group is not connected.")
    elif isinstance(error, RetryLater):
        until = timezone.now() + error.after
        _postpone(job.run, f"WhatsApp asks us to slow down ({error.detail}).", until=until)
    elif isinstance(error, RetrySoon):
        _postpone(job.run, f"The gateway did not answer as it should: {error.detail}.", is_failure=True)
    elif isinstance(error, WrongJid) and job.session and _is_elsewhere(job, job.session):
        _postpone(job.run, f"{job.session} is not in this group any more. Another number is asked.", is_failure=True)
    else:
        with tenancy.tenant(job.run.organization_id):
            services.fail_run(run=job.run, code=error.code, error=explain(error).message)


def _is_elsewhere(job: SyncJob, session: Session) -> bool:
    with tenancy.tenant(job.run.organization_id):
        return services.forget_group(session=session, group=job.run.group)


def _postpone(run: SyncRun, reason: str, *, until: datetime | None = None, is_failure: bool = False) -> None:
    with tenancy.tenant(run.organization_id):
        services.postpone_run(run=run, reason=reason, until=until, is_failure=is_failure)


def mark_disconnected(session: Session, reason: str) -> None:
    """The gateway says that a session is not connected, before its status did."""
    with tenancy.tenant(session.organization_id):
        services.record_disconnect(session=session, reason=reason)


def connect_session(*, session_id: UUID, organization_id: str) -> None:
    """
    Start a session on its gateway, unless it runs already, and store what the gateway says of it. Safe to repeat.

    :raises VendorError: the gateway did not start it
    """
    session = _session(session_id, organization_id)
    if session and session.status == Session.Status.CONNECTING:
        GatewayClient(session.gateway).connect(session.gateway_session_id)
    poll_session(session_id=session_id, organization_id=organization_id)


def disconnect_session(*, session_id: UUID, organization_id: str) -> None:
    """
    Log a session out at its gateway, unless it is being connected again: the next connect needs a QR code.

    :raises VendorError: the gateway did not
    """
    session = _session(session_id, organization_id)
    if session is None or session.logout_due_at is None:
        return
    try:
        GatewayClient(session.gateway).disconnect(session.gateway_session_id)
    except NeedsReconnect as error:
        log.info("%s needs no logout: %s", session, error.detail)
    with tenancy.tenant(organization_id):
        services.logout_done(session=session)


def poll_session(*, session_id: UUID, organization_id: str) -> None:
    """
    Ask the gateway for a session's state and store it. A session that the gateway has forgotten is disconnected.

    :raises VendorError: the gateway did not say
    """
    session = _session(session_id, organization_id)
    if session is None:
        return
    try:
        status = GatewayClient(session.gateway).status(session.gateway_session_id)
    except NeedsReconnect as error:
        mark_disconnected(session, error.detail)
        return
    with tenancy.tenant(organization_id):
        services.record_status(session=session, status=status)


def _session(session_id: UUID, organization_id: str) -> Session | None:
    """None when it was deleted meanwhile."""
    with tenancy.tenant(organization_id):
        return Session.objects.filter(pk=session_id).first()


def sync_groups(*, session_id: UUID, organization_id: str) -> None:
    """
    Ask a session for its groups and apply the list. Nothing happens when that is not due, or when somebody is at it.
    """
    with tenancy.tenant(organization_id):
        session = services.claim_group_list(session_id=session_id)
    if session is None:
        return
    try:
        groups = list_groups(session)
        with tenancy.tenant(organization_id):
            changes = services.apply_group_list(session=session, groups=groups)
    except AttemptTaken:
        log.warning("the groups of session %s were asked for by another worker, or it is logged out", session_id)
    except VendorError as error:
        _end_without_list(session, error)
    except Exception:
        # A fault of ours: it says so, instead of asking the gateway again with each lease for ever.
        with tenancy.tenant(organization_id):
            services.group_list_ended(session=session, reason="Something went wrong on our side.")
        raise
    else:
        added, changed = len(changes.added), len(changes.changed)
        log.info(
            "session %s: %s groups, %s new, %s changed, %s left", session_id, len(groups), added, changed, changes.left
        )


def _end_without_list(session: Session, error: VendorError) -> None:
    log.warning("the groups of session %s did not come: %s (%s)", session.pk, error.detail, error.code)
    if isinstance(error, NeedsReconnect):
        mark_disconnected(session, error.detail)
        _wait_for_list(session, "Its groups are asked for when this number is connected.")
    elif isinstance(error, RetryLater):
        _wait_for_list(session, f"WhatsApp asks us to slow down ({error.detail}).", pause=error.after)
    elif isinstance(error, RetrySoon):
        _wait_for_list(session, f"The gateway did not answer as it should: {error.detail}.", pause=_LIST_PAUSE)
    else:
        with tenancy.tenant(session.organization_id):
            services.group_list_ended(session=session, reason=f"The gateway refused: {error.detail}")


def _wait_for_list(session: Session, reason: str, *, pause: timedelta | None = None) -> None:
    until = timezone.now() + pause if pause else None
    with tenancy.tenant(session.organization_id):
        services.group_list_waits(session=session, reason=reason, until=until)


def list_groups(session: Session) -> list[ListedGroup]:
    """All groups that a session is in."""
    return GatewayClient(session.gateway).list_groups(session.gateway_session_id)


def create_community(
    session: Session, *, name: str, description: str, admin_numbers: list[str], idempotency_key: str,
    picture_url: str = "", is_announcement: bool = True, is_restricted: bool = True,
) -> CreatedCommunity:  # fmt: skip
    """
    Create a community through `session`. One service for all who create communities, so that none forgets the admins.

    :raises VendorError: see `GatewayClient.create_community`
    """
    return GatewayClient(session.gateway).create_community(
        session.gateway_session_id, name=name, description=description,
        admin_numbers=admin_numbers, idempotency_key=idempotency_key,
        picture_url=picture_url, is_announcement=is_announcement, is_restricted=is_restricted,
    )  # fmt: skip


def complete(session: Session, created: CreatedCommunity) -> CreatedCommunity:
    """
    The same community with what a create answer may lack: its announcement group, its invite link.

    What still cannot be found stays empty.
    """
    if created.announcement_jid is None:
        created = find_announcement(created, list_groups(session))
    if created.announcement_jid and not created.invite_link:
        link = _invite_link_or_none(session, created.announcement_jid) or _invite_link_or_none(
            session, created.parent_jid
        )
        created = CreatedCommunity(created.parent_jid, created.announcement_jid, link)
    return created


def find_announcement(created: CreatedCommunity, groups: list[ListedGroup]) -> CreatedCommunity:
    """The announcement group is the one linked to the parent; `parent_jid` may turn out to be it."""
    for group in groups:
        if group.is_announcement and created.parent_jid in (group.linked_parent, group.jid):
            parent = group.linked_parent or created.parent_jid
            link = created.invite_link or group.invite_link
            return CreatedCommunity(parent, group.jid, link)
    return created


def _invite_link_or_none(session: Session, jid: str) -> str:
    try:
        return GatewayClient(session.gateway).invite_link(session.gateway_session_id, jid)
    except VendorError as error:
        log.warning("no invite link for %s: %s", jid, error.detail)
        return ""


def fetch_invite_link(*, group_id: UUID, organization_id: str) -> Group:
    """
    Ask the gateway for a group's invite link and keep it.

    :raises NoSession: none of our numbers is in the group
    :raises SessionDisconnected: none that is in it is connected
    :raises VendorError: the gateway gave no link
    """
    with tenancy.tenant(organization_id):
        group = Group.objects.select_related("session").get(pk=group_id)
        session = services.session_to_ask(group=group)
    try:
        link = GatewayClient(session.gateway).invite_link(session.gateway_session_id, group.group_jid)
    except NeedsReconnect as error:
        mark_disconnected(session, error.detail)
        raise services.SessionDisconnected(session) from error
    with tenancy.tenant(organization_id):
        return services.store_invite_link(group=group, link=link)
