"""The environment: made once, repaired when it is broken, never taken from a person."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devtools import bootstrap
from devtools.bootstrap import ROOT
from devtools.problems import Problem
from devtools.tests.runs import surroundings


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A project that needs no package, and whose `python -m devtools` only says that it was entered."""
    return _write_project(tmp_path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a project after its first `./dev`. Not to be changed."""
    project = _write_project(tmp_path_factory.mktemp("installed"))
    assert _enter(project)[0] == 0
    return project


@pytest.fixture
def project(installed: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(installed, tmp_path / "project", symlinks=True))


def _write_project(folder: Path) -> Path:
    (folder / "devtools").mkdir()
    for name in ("bootstrap.py", "leash.py", "problems.py"):
        shutil.copy(ROOT / "devtools" / name, folder / "devtools")
    (folder / "devtools" / "__main__.py").write_text("import sys\nprint('entered', sys.prefix, *sys.argv[1:])\n")
    for name in bootstrap.REQUIREMENTS:
        (folder / name).write_text("# nothing\n")
    shutil.copy(ROOT / "dev", folder)
    return folder


def _start(project: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "dev", "word"],
        cwd=project,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _enter(project: Path) -> tuple[int, str]:
    process = _start(project)
    said = process.communicate(timeout=60)[0]
    return process.returncode, said


def _entered(project: Path) -> str:
    return f"entered {project / '.venv'} word\n"


def test_a_complete_environment_is_entered_at_once(project: Path) -> None:
    assert _enter(project) == (0, _entered(project))


def test_two_at_once_install_once_and_both_go_in(project: Path) -> None:
    (project / "requirements.txt").write_text("# something else\n")
    runs = [_start(project) for _ in range(2)]
    said = [run.communicate(timeout=60)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert "".join(said).count("Installing") == 1
    assert all(words.endswith(_entered(project)) for words in said)


def test_what_was_interrupted_or_whose_python_is_gone_is_made_anew(project: Path) -> None:
    (project / ".venv" / "unfinished").touch()
    (project / ".venv" / "half").touch()
    (project / ".venv" / "bin" / "python").unlink()
    exit_code, said = _enter(project)
    assert (exit_code, said.endswith(_entered(project))) == (0, True)
    assert not (project / ".venv" / "unfinished").exists()
    assert not (project / ".venv" / "half").exists()


def test_an_environment_made_by_hand_is_completed_and_kept(project: Path) -> None:
    (project / ".venv" / "complete").unlink()
    (project / ".venv" / "mine").touch()
    exit_code, said = _enter(project)
    assert (exit_code, said.endswith(_entered(project))) == (0, True)
    assert (project / ".venv" / "mine").exists()


def test_a_folder_in_the_way_is_left_alone(bare: Path) -> None:
    (bare / ".venv").mkdir()
    (bare / ".venv" / "mine").touch()
    exit_code, said = _enter(bare)
    assert exit_code == 2
    assert said.endswith("is in the way and is no virtual environment: move it elsewhere.\n")
    assert (bare / ".venv" / "mine").exists()


def test_a_failed_installation_is_told_shortly_and_begun_anew_the_next_time(project: Path) -> None:
    (project / "requirements-dev.txt").write_text("./no-such-package\n")
    exit_code, said = _enter(project)
    assert exit_code == 2
    assert "The installation failed:\n  ERROR: " in said
    assert "Traceback" not in said
    assert (project / ".venv" / "unfinished").exists()


def test_no_room_is_one_line() -> None:
    with pytest.raises(Problem, match=r"^Not enough disk space: installing needs [0-9.]+ GB") as problem:
        bootstrap.check_room(10**18)
    assert problem.value.exit_code == 2
