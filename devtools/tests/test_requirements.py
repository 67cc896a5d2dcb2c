"""What is installed is what was tested: every package has its version, those that others bring along, too."""

from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from devtools.bootstrap import REQUIREMENTS, ROOT


def test_every_package_that_is_needed_has_its_version() -> None:
    needed: set[str] = set()
    for requirement in _read("requirements.txt") + _read("requirements-dev.txt"):
        _gather(requirement, needed)
    assert len(needed) > 100
    pinned = {canonicalize_name(pin.name) for pin in _read("constraints.txt")}
    assert needed - pinned <= {"setuptools"}, "run pip freeze in a fresh clone, see constraints.txt"  # venv brings it


def test_a_version_of_ours_is_the_version_of_all() -> None:
    pins = {canonicalize_name(pin.name): pin.specifier for pin in _read("constraints.txt")}
    ours = _read("requirements.txt") + _read("requirements-dev.txt")
    assert {one.name: one.specifier for one in ours} == {one.name: pins[canonicalize_name(one.name)] for one in ours}
    assert set(REQUIREMENTS) == {"constraints.txt", "requirements.txt", "requirements-dev.txt"}


def _read(name: str) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def _gather(requirement: Requirement, needed: set[str]) -> None:
    """Add it and what it brings along here, by what the installed packages say."""
    needed.add(canonicalize_name(requirement.name))
    extras = requirement.extras or {""}
    for text in requires(requirement.name) or []:
        brought = Requirement(text)
        is_wanted = brought.marker is None or any(brought.marker.evaluate({"extra": extra}) for extra in extras)
        if is_wanted and canonicalize_name(brought.name) not in needed:
            _gather(brought, needed)
