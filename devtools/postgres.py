"""The embedded PostgreSQL of an instance: loopback only, passwords only, one role and one database of ours."""

import signal
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from devtools import bootstrap, processes, service_home
from devtools.problems import Problem
from devtools.servers import Server

SUPERUSER = "postgres"
OWNER = "rollcall_owner"
APP = "rollcall_app"
DATABASE = "rollcall"
NEEDED_BYTES = 200_000_000
PLAIN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}

ALWAYS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
#: For data that nobody misses after a power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
BY_KIND: dict[str, dict[str, str]] = {
    "up": {},
    "demo": FAST,
    "test": FAST,
    "bench": {"shared_buffers": "512MB", "max_wal_size": "4GB"},
}


@dataclass
class Postgres(Server):
    """The server. Its superuser makes one role and one database; the rest is `manage.py setup_database`'s."""

    program = "postgres"
    stop_signal = signal.SIGINT
    home: service_home.Home = field(kw_only=True)

    @property
    def folder(self) -> Path:
        """Owned by the server's user."""
        return self.home.folder / self.instance.name / "postgres"

    @property
    def workplace(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    def addresses(self) -> dict[str, str]:
        """The login of everything, and the owner of the tables."""
        return {
            "DATABASE_URL": self._url(APP, "postgres_app"),
            "DATABASE_OWNER_URL": self._url(OWNER, "postgres_owner"),
        }

    def start(self) -> None:
        """
        Start the server; see to our role and database.

        :raises Problem: it does not start, or does not know its superuser's password
        """
        super().start()
        self._create_role_and_database()

    def prepare(self) -> None:
        """Make the data directory, whole or not at all. The locale is PostgreSQL's own: the same on every system."""
        if self.workplace.exists():
            return
        bootstrap.check_room(NEEDED_BYTES, purpose="a new database", folder=self.home.folder)
        self.wipe()
        self.home.let_in(self.folder.parent)
        self.folder.mkdir(mode=0o700)
        password = self._write_password()
        draft = self.folder / "data.new"
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        login = [f"--username={SUPERUSER}", f"--pwfile={password}", "--auth=scram-sha-256"]
        processes.run_step(
            "Creating the database",
            [str(self.home.programs / "initdb"), f"--pgdata={draft}", "--no-sync", *locale, *login],
            env=PLAIN_ENVIRONMENT,
            log=self.instance.log("initdb"),
            user=self.home.user,
            cwd=self.folder,
        )
        password.unlink()
        draft.rename(self.workplace)

    def launch(self) -> processes.Child:
        """Start the process; at its signal it rolls back what is open and ends."""
        settings = ALWAYS | BY_KIND[self.instance.kind] | {"port": str(self.port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return processes.start(
            "PostgreSQL",
            [str(self.home.programs / "postgres"), "-D", str(self.workplace), *options],
            env=PLAIN_ENVIRONMENT,
            log=self.instance.log("postgres"),
            stop_signal=self.stop_signal,
            user=self.home.user,
            cwd=self.folder,
        )

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            self._connect().close()
        except psycopg.OperationalError as error:
            if "password authentication failed" not in str(error):
                return False
            folder = self.instance.folder
            raise Problem(f"{folder}/secrets.json does not fit the database: delete {folder} to begin anew.") from None
        return True

    def end_leftover(self) -> None:
        """Stop what a killed run left behind and clear its pid file, whoever has that pid by now."""
        super().end_leftover()
        (self.workplace / "postmaster.pid").unlink(missing_ok=True)

    def _url(self, role: str, secret: str) -> str:
        return f"postgres://{role}:{self.instance.secrets[secret]}@127.0.0.1:{self.port}/{DATABASE}"

    def _write_password(self) -> Path:
        """The superuser's password for initdb, which takes it from a file only."""
        path = self.folder / "password"
        path.touch(mode=0o600)
        path.write_text(self.instance.secrets["postgres_superuser"])
        self.home.give(path)
        self.home.give(self.folder)
        return path

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self.instance.secrets["postgres_superuser"],
            dbname="postgres",
            sslmode="disable",
            connect_timeout=5,
            autocommit=True,
        )

    def _create_role_and_database(self) -> None:
        """The owner may make databases and roles, and nothing else."""
        rights = sql.SQL("LOGIN CREATEDB CREATEROLE NOSUPERUSER NOBYPASSRLS NOREPLICATION")
        owner, database = sql.Identifier(OWNER), sql.Identifier(DATABASE)
        password = sql.Literal(self.instance.secrets["postgres_owner"])
        with self._connect() as connection:
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} {} PASSWORD {}").format(owner, rights, password))
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
