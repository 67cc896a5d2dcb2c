"""The story of the product, checked at every line."""

from devtools import probes
from devtools.problems import FAILED, Problem
from devtools.stack import Context


def run(context: Context) -> int:
    """
    Tell the story in a running Rollcall; return the exit code.

    :raises Problem: a line of it is not true
    """
    for name, port in {"web": context.ports.web, "sandbox": context.ports.sandbox}.items():
        if not probes.health(port)():
            raise Problem(f"{name} does not answer /health.", exit_code=FAILED)
        print(f"{name} answers.")
    return 0
