"""The databases that benchmarks share: a million members of two hundred groups, and three million of three."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone
from tqdm import tqdm

from bench import databases
from common import tenancy
from common.tenancy.contexts import SYSTEM_ROLE
from organizations.models import Organization
from whatsapp.models import Group, GroupMember, Session
from workshops.models import Workshop

#: Groups made while measuring; whatever is in them goes before the next benchmark.
PASSING = "passing-"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much there is, how many joined in the same moment, and how often everything is measured."""

    name: str = "full"
    organizations: int = 8
    groups: int = 200
    group_size: int = 5_000
    at_once: int = 1
    rounds: int = 15
    warm_ups: int = 3

    @property
    def database(self) -> str:
        """Where it is."""
        return f"rollcall_bench_{self.name}"

    @property
    def organization_ids(self) -> list[str]:
        """As Clerk's, but speaking."""
        return [f"org_bench_{number}" for number in range(self.organizations)]


FULL = Scale()
#: Three groups of a million each, who came a thousand at a time, as lists and imports bring them.
CROWD = Scale("crowd", organizations=1, groups=3, group_size=1_000_000, at_once=1_000)


@contextmanager
def seeded(scale: Scale) -> Iterator[None]:
    """Django's connections go to the seeded database."""
    prepare(scale, scale.database)
    with databases.selected(scale.database):
        yield


def prepare(scale: Scale, name: str, *, alterations: Sequence[str] = ()) -> None:
    """
    See that there is a seeded database of this name: the last run's when it is intact, else one made now.

    `alterations` are statements that change its tables before they are filled.
    """
    mark = databases.fingerprint(Path(__file__).read_text(), repr(scale), *alterations)
    if databases.is_ready(name, mark) and _is_intact(scale, name):
        return
    databases.create(name)
    with databases.selected(name):
        _seed(scale, alterations)
    databases.set_ready(name, mark)


def _is_intact(scale: Scale, name: str) -> bool:
    """Clear away what measuring left behind, and count the rest."""
    with databases.selected(name):
        with tenancy.system(), connection.cursor() as cursor:
            cursor.execute(_CLEAR_AWAY, [f"{PASSING}%"])
            has_cleared = cursor.rowcount > 0
            count = GroupMember.objects.count()
        if has_cleared:
            databases.run_as_owner(_VACUUM)
    return count == scale.groups * scale.group_size


def _seed(scale: Scale, alterations: Sequence[str]) -> None:
    databases.migrate()
    # What measuring removes is vacuumed before the next benchmark, not by a process that wakes up in one of them.
    databases.run_as_owner(*alterations, "ALTER TABLE workshop_group_members SET (autovacuum_enabled = off)")
    with tenancy.system():
        groups = _make_groups(scale)
    _make_members(groups, scale)
    databases.run_as_owner(_VACUUM)
    _checkpoint()


def _make_groups(scale: Scale) -> list[Group]:
    """Everything but the members: organizations with a session each, and groups with a workshop each."""
    for number, key in enumerate(scale.organization_ids):
        Organization.objects.create(id=key, name=key)
        Session.objects.create(
            organization_id=key, gateway_session_id=f"wa_{key}", status=Session.Status.CONNECTED,
            full_phone=f"+9170000000{number:02}", lid=f"{number + 1}@lid",
        )  # fmt: skip
    sessions = list(Session.objects.order_by("organization_id"))
    groups = [_group(sessions[number % len(sessions)], f"seeded-{number}@g.us") for number in range(scale.groups)]
    Group.objects.bulk_create(groups)
    now = timezone.now()
    Workshop.objects.bulk_create(
        Workshop(organization_id=group.organization_id, title=group.name, starts_at=now, community_group=group)
        for group in groups
    )
    return groups


def passing_group(organization_id: str) -> Group:
    """A new group without members, of the organization's session."""
    session = Session.objects.get(organization_id=organization_id)
    group = _group(session, f"{PASSING}{timezone.now().timestamp()}@g.us")
    group.save(force_insert=True)
    return group


def _group(session: Session, jid: str) -> Group:
    kind = Group.Kind.ANNOUNCEMENT
    return Group(organization_id=session.organization_id, session=session, group_jid=jid, name=jid, kind=kind)


def _make_members(groups: list[Group], scale: Scale) -> None:
    """By SQL, as the owner in the system role: the owner itself is under the policies too."""
    print(f"  seeding {len(groups) * scale.group_size:,} members …", flush=True)
    for group in tqdm(groups, unit="group", leave=False, disable=None):
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {SYSTEM_ROLE}")
            cursor.execute(_MEMBERS, [group.organization_id, group.pk, scale.at_once, scale.group_size])


def _checkpoint() -> None:
    try:
        databases.run_as_owner("CHECKPOINT")
    except DatabaseError:
        return  # only a member of pg_checkpoint may; warm-up rounds do without


_VACUUM = "VACUUM ANALYZE workshop_group_members, whatsapp_groups, whatsapp_sync_runs"
#: Every twentieth has left, every fourth hides the phone.
_MEMBERS = """
INSERT INTO workshop_group_members
    (id, organization_id, whatsapp_group_id, lid, full_phone, phone_number, status, left_at, is_admin, joined_at)
SELECT gen_random_uuid(), %s, %s, lid || '@lid', '+91' || phone, phone,
       CASE WHEN number %% 20 = 0 THEN 'left' ELSE 'active' END, CASE WHEN number %% 20 = 0 THEN now() END,
       false, now() - number / %s * interval '1 minute'
FROM (SELECT number, (1e14 + floor(random() * 8e14))::bigint::text AS lid,
             CASE WHEN number %% 4 <> 0 THEN (6e9 + floor(random() * 3e9))::bigint::text END AS phone
      FROM generate_series(1, %s) AS number) AS person
"""

#: The groups go last, since all others refer to them: they are what is counted.
_CLEAR_AWAY = """
WITH passing AS (SELECT id FROM whatsapp_groups WHERE group_jid LIKE %s),
     members AS (DELETE FROM workshop_group_members WHERE whatsapp_group_id IN (SELECT id FROM passing)),
     seen AS (DELETE FROM whatsapp_group_sessions WHERE group_id IN (SELECT id FROM passing)),
     events AS (DELETE FROM whatsapp_membership_events WHERE group_id IN (SELECT id FROM passing)),
     runs AS (DELETE FROM whatsapp_sync_runs WHERE group_id IN (SELECT id FROM passing))
DELETE FROM whatsapp_groups WHERE id IN (SELECT id FROM passing)
"""
