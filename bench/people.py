"""The database of the benchmarks of user IDs: as many identities as app users, and three tables that point at them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, connections, transaction

from bench import databases
from common import tenancy
from common.tenancy.contexts import SYSTEM_ROLE


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many people there are, how many of them are moved in a round, and how often."""

    name: str = "full"
    people: int = 1_000_000
    moved: int = 100_000
    batch_size: int = 1_000
    rounds: int = 3
    warm_ups: int = 0

    @property
    def database(self) -> str:
        """Where they are."""
        return f"rollcall_bench_people_{self.name}"


FULL = Crowd()


@contextmanager
def seeded(crowd: Crowd) -> Iterator[None]:
    """Django's connections go to the seeded database: the last run's when it is intact, else one made now."""
    sql = sorted((databases.ROOT / "accounts" / "sql").glob("*.sql"))
    mark = databases.fingerprint(Path(__file__).read_text(), repr(crowd), *(path.read_text() for path in sql))
    if not databases.is_ready(crowd.database, mark):
        databases.create(crowd.database)
        with databases.selected(crowd.database):
            _seed(crowd)
        databases.set_ready(crowd.database, mark)
    with databases.selected(crowd.database):
        yield


def scatter(crowd: Crowd) -> None:
    """Give `crowd.moved` identities, spread evenly, ids that their app users do not have yet."""
    every = crowd.people // crowd.moved
    with tenancy.system(), connection.cursor() as cursor:
        cursor.execute("UPDATE auth_users SET id = gen_random_uuid()::text WHERE phone::int %% %s = 0", [every])
    databases.run_as_owner(f"VACUUM ANALYZE {', '.join(TABLES)}")


TABLES = ("app_users", "auth_users", "organization_members", "bench_notes", "bench_badges", "user_sync_audit")
#: The trigger is not what is measured; `phone` numbers the identities.
_STATEMENTS = [
    "ALTER TABLE auth_users DISABLE TRIGGER USER",
    "CREATE TABLE bench_notes (id bigserial PRIMARY KEY,"
    " user_id text REFERENCES app_users DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TABLE bench_badges (user_id text PRIMARY KEY REFERENCES app_users DEFERRABLE INITIALLY DEFERRED)",
    "INSERT INTO auth_users (id, email, phone, email_confirmed_at)"
    " SELECT gen_random_uuid(), 'person' || n || '@x.example', n, now() FROM generate_series(1, {people}) n",
    "INSERT INTO app_users (id, email, username) SELECT id, email, 'person' || phone FROM auth_users",
    "INSERT INTO bench_notes (user_id) SELECT id FROM app_users",
    "CREATE INDEX ON bench_notes (user_id)",
    "INSERT INTO bench_badges (user_id) SELECT id FROM app_users",
    f"GRANT ALL ON bench_notes, bench_badges TO {SYSTEM_ROLE}",
]
_MEMBERS = """
INSERT INTO organizations (id, name, updated_at) VALUES ('org_bench', 'Bench', now());
INSERT INTO organization_members (id, organization_id, user_id, role)
SELECT gen_random_uuid(), 'org_bench', id, 'member' FROM app_users
"""


def _seed(crowd: Crowd) -> None:
    print(f"  seeding {crowd.people:,} people …", flush=True)
    databases.migrate()
    databases.run_as_owner(*(statement.format(people=crowd.people) for statement in _STATEMENTS))
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {SYSTEM_ROLE}")
        cursor.execute(_MEMBERS)
    databases.run_as_owner(f"VACUUM ANALYZE {', '.join(TABLES)}")
