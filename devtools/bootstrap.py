"""
The environment of the project, `.venv`: made, kept up to date and entered.

This is what `./dev` runs first, so it uses the standard library alone. `.venv/complete` holds the fingerprint of what
is installed. `.venv/unfinished` stands while an installation is under way: one that was interrupted is begun anew. An
environment with neither was made by hand: it is completed, never deleted, as long as its Python runs.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from devtools.problems import Problem

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
COMPLETE = ENVIRONMENT / "complete"
UNFINISHED = ENVIRONMENT / "unfinished"
LOCK = ROOT / ".data" / "install.lock"
LOG = ROOT / ".data" / "install.log"
REQUIREMENTS = ("constraints.txt", "requirements.txt", "requirements-dev.txt")
NEEDED_BYTES = 1_000_000_000


def enter(arguments: Sequence[str]) -> NoReturn:
    """Become `python -m devtools` of an environment that is complete; a problem ends in one line and exit code 2."""
    try:
        prepare()
    except Problem as problem:
        sys.exit(_told(str(problem), problem.exit_code))
    except KeyboardInterrupt:
        sys.exit(_told("Interrupted. The next ./dev begins the installation again.", 130))
    except OSError as error:
        sys.exit(_told(f"Cannot install into {ENVIRONMENT}: {error.strerror} ({error.filename})", 2))
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-m", "devtools", *arguments])


def prepare() -> None:
    """
    Install what is missing; nothing when the environment is complete.

    :raises Problem: no room, no `venv` module, or pip failed
    """
    if _is_complete():
        return
    with _alone():
        if _is_complete():
            return
        started = time.monotonic()
        is_usable = bool(_version()) and not UNFINISHED.exists()
        check_room(NEEDED_BYTES // 5 if is_usable else NEEDED_BYTES)
        if not is_usable:
            _check_creatable()
        print("Installing what Rollcall needs (about a minute) …", end=" ", flush=True)
        if not is_usable:
            _create()
        UNFINISHED.touch()
        _install()
        COMPLETE.write_text(_fingerprint())
        UNFINISHED.unlink()
        print(f"done in {time.monotonic() - started:.0f} s.", flush=True)


def _told(message: str, exit_code: int) -> int:
    print(message, file=sys.stderr)
    return exit_code


def _is_complete() -> bool:
    try:
        return COMPLETE.read_text() == _fingerprint() and not UNFINISHED.exists()
    except OSError:
        return False


def _fingerprint() -> str:
    """What ought to be installed, and for which Python: `.venv` may outlive the Python that made it."""
    digest = hashlib.sha256(_version().encode())
    for name in REQUIREMENTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _version() -> str:
    """The version of the environment's Python when it runs and is in its place, else empty."""
    question = "import sys; print(sys.prefix, '%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([PYTHON, "-I", "-c", question], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
    prefix, _, version = answer.strip().rpartition(" ")
    return version if prefix == str(ENVIRONMENT) and (ENVIRONMENT / "lib" / f"python{version}").is_dir() else ""


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other `./dev` is installing."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another ./dev is installing; waiting for it …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check_room(needed: int, *, purpose: str = "installing", folder: Path = ROOT) -> None:
    """
    See that the disk of `folder` has `needed` bytes free.

    :raises Problem: it has not
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Problem(
            f"Not enough disk space: {purpose} needs {needed / 1e9:.1f} GB, {folder} has {free / 1e9:.1f} GB free."
        )


def _check_creatable() -> None:
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        package = f"python3.{sys.version_info.minor}-venv"
        raise Problem(f"{sys.executable} lacks the venv module: install python3-venv (Debian: apt install {package}).")
    if ENVIRONMENT.exists() and not (ENVIRONMENT / "pyvenv.cfg").exists():
        raise Problem(f"{ENVIRONMENT} is in the way and is no virtual environment: move it elsewhere.")


def _create() -> None:
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    _run([_base_python(), "-m", "venv", str(ENVIRONMENT)])


def _base_python() -> str:
    """The Python below the environment: this code may run in the very environment that it replaces."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def _install() -> None:
    # Bytecode is written as modules are first used, which is quicker than compiling all of them, unless the
    # environment forbids that: then every start would pay for it.
    options = [] if sys.dont_write_bytecode else ["--no-compile"]
    requirements = str(ROOT / REQUIREMENTS[-1])
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    _run([str(PYTHON), "-m", "pip", "install", *quiet, *options, "-r", requirements])


def _run(command: Sequence[str]) -> None:
    """Run one step, leashed to this process, with its output in the log."""
    leash = [_base_python(), "-I", "-S", str(ROOT / "devtools" / "leash.py"), str(os.getpid()), "15", ""]
    with LOG.open("w+") as log:
        process = subprocess.Popen([*leash, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            exit_code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
        log.seek(0)
        said = log.read()
    if exit_code:
        raise Problem(_explain(said))


def _explain(said: str) -> str:
    if "No space left on device" in said:
        return "\nThe disk is full: installing needs about 1 GB."
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    return "\n".join(["", "The installation failed:", *(f"  {line}" for line in errors[-4:]), f"All of it: {LOG}"])
