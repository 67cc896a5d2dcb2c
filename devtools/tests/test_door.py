"""`dev`: the text itself, under every Python that may come across it."""

import ast
import shutil
import subprocess
from pathlib import Path

import pytest

from devtools.bootstrap import ROOT

UNSUITABLE = ("2.7", "3.6", "3.9", "3.10", "3.13")


def _interpreter(version: str) -> str:
    """An interpreter of that version that runs (shims of pyenv exist, and do not)."""
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in [shutil.which(f"python{version}"), *map(str, installed)]:
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return candidate
    pytest.skip(f"no Python {version} here")


def _run(python: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "dev", folder)
    env = {"PATH": "/nonexistent", **variables}
    return subprocess.run([python, "dev", "up"], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_an_old_python_can_read_the_file() -> None:
    ast.parse((ROOT / "dev").read_text(), feature_version=(3, 6))


@pytest.mark.parametrize("version", UNSUITABLE)
def test_an_unsuitable_python_gets_one_clear_line(version: str, tmp_path: Path) -> None:
    run = _run(_interpreter(version), tmp_path)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith(f"Rollcall needs Python 3.11 or 3.12; found {version}.")
    assert run.stderr.count("\n") == 1


def test_an_unsuitable_python_hands_over_to_the_one_that_is_named(tmp_path: Path) -> None:
    suitable = tmp_path / "mine"
    suitable.write_text('#!/bin/sh\n[ "$1" = -I ] && echo 3.12 || echo "handed over: $2"\n')
    suitable.chmod(0o755)
    run = _run(_interpreter("3.9"), tmp_path, PYTHON=str(suitable))
    assert (run.returncode, run.stdout) == (0, "handed over: up\n")


def test_a_shim_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    shims = tmp_path / "shims"
    shims.mkdir()
    (shims / "python3.12").write_text("#!/bin/sh\necho 'pyenv: python3.12: command not found' >&2\nexit 127\n")
    (shims / "python3.12").chmod(0o755)
    run = _run(_interpreter("3.9"), tmp_path, PATH=str(shims))
    assert run.returncode == 2
    assert run.stderr.startswith("Rollcall needs Python 3.11 or 3.12")
