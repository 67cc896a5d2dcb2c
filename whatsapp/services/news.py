"""What the apps above are told of members, after commit and once for each group or run."""

from functools import partial

from common.commits import once_after_commit
from whatsapp.models import Group, SyncRun
from whatsapp.signals import members_changed


def members_have_changed(group: Group) -> None:
    """Events have changed members of `group`."""
    tell = partial(
        members_changed.send, sender=Group, organization_id=group.organization_id, group_id=group.pk, run_id=None
    )
    once_after_commit(("members changed", group.pk), tell)


def run_has_ended(run: SyncRun) -> None:
    """A sync has ended, whatever came of it."""
    tell = partial(
        members_changed.send, sender=SyncRun, organization_id=run.organization_id, group_id=run.group_id, run_id=run.pk
    )
    once_after_commit(("run ended", run.pk), tell)
