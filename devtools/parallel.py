"""
The whole test suite side by side: each process of pytest-xdist has a sandbox and a Redis database of its own.

pytest-django gives each its own test database. The rest is in the environment that the settings read, so it must be
there before anything of Django is: this module is a pytest plugin that is named on the command line.
"""

import json
import os
from collections.abc import Mapping

from devtools.environment import Ports, url
from devtools.instances import Instance

PLUGIN = ["-p", "devtools.parallel"]
#: Redis has 16 databases, and more processes than this have not been tried.
MOST = 4
_NAME = "ROLLCALL_TEST_PROCESSES"


def processes() -> int:
    """As many as the machine has cores, within `MOST`."""
    return min(os.cpu_count() or 1, MOST)


def arguments() -> list[str]:
    """What pytest is told; a file's tests stay together, since they share what is dear to start."""
    return [*PLUGIN, "-n", str(processes()), "--dist", "loadfile"]


def shared_out(env: Mapping[str, str], instance: Instance) -> dict[str, str]:
    """`env`, and in it what differs for each process."""
    ours = url(Ports.of(instance).sandbox)
    differences = []
    for number in range(processes()):
        theirs = url(instance.port(f"sandbox-{number}"))
        own = {name: value.replace(ours, theirs) for name, value in env.items() if ours in value}
        differences.append({**own, "REDIS_URL": f"{env['REDIS_URL'].rpartition('/')[0]}/{number}"})
    return {**env, _NAME: json.dumps(differences)}


def _become(worker: str) -> None:
    """Take over what is meant for `worker`, `gw0` and so on."""
    differences = json.loads(os.environ[_NAME])
    os.environ.update(differences[int(worker.removeprefix("gw"))])


if "PYTEST_XDIST_WORKER" in os.environ and _NAME in os.environ:
    _become(os.environ["PYTEST_XDIST_WORKER"])
