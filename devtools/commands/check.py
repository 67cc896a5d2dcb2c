"""`./dev check`: what continuous integration asks before it runs the tests."""

import argparse
import json
from collections.abc import Mapping

from devtools import instances, processes, services, stack
from devtools.commands import test
from devtools.commands.up import say
from devtools.programs import python

ON_THE_CODE = {
    "Lint": python("-m ruff check ."),
    "Format": python("-m ruff format --check ."),
    "Types": python("-m mypy . dev"),
    "Imports": python("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
}
ON_THE_DATABASE = {
    "Migrations": python("manage.py makemigrations --check --dry-run"),
    "Deployment": python("manage.py check --deploy --fail-level WARNING --database default"),
}

#: Settings as a deployment has them, where those of a laptop would be refused.
LIKE_PRODUCTION = {
    "LOCAL": "0",
    "ALLOWED_HOSTS": "rollcall.example.org",
    "CORS_ALLOWED_ORIGINS": "https://app.example.org",
    "SANDBOX_URL": "",
    "TOKEN_ISSUERS": json.dumps(
        {"https://clerk.example.org": {"jwks_url": "https://clerk.example.org/.well-known/jwks.json"}}
    ),
}


def run(_: argparse.Namespace) -> int:
    """Stop at the first check that fails; return its exit code."""
    with instances.locked(*test.INSTANCES, holder="./dev check") as instance, services.running(instance) as env:
        exit_code = _check(ON_THE_CODE, env)
        if not exit_code:
            stack.manage(instance, env, "setup_database")
            stack.manage(instance, env, "migrate", "--no-input")
            exit_code = _check(ON_THE_DATABASE, {**services.without_owner(env), **LIKE_PRODUCTION})
    return exit_code


def _check(checks: Mapping[str, list[str]], env: Mapping[str, str]) -> int:
    for title, command in checks.items():
        say(f"== {title}")
        if exit_code := processes.run_in_foreground(command, env=env):
            say(f"{title}: failed.")
            return exit_code
    return 0
