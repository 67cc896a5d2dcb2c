"""`./dev check`: what continuous integration asks before it runs the tests."""

import argparse
import json
from collections.abc import Mapping

from devtools import instances, processes, services, stack
from devtools.commands import test
from devtools.commands.up import say
from devtools.programs import python

CODE_CHECKS = {
    "Lint": python("-m ruff check ."),
    "Format": python("-m ruff format --check ."),
    "Types": python("-m mypy . dev"),
    "Imports": python("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
    "Migrations": python("manage.py makemigrations --check --dry-run"),
}
DEPLOYMENT = python("manage.py check --deploy --fail-level WARNING --database default")

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
    with instances.locked(*test.INSTANCES) as instance, services.running(instance) as env:
        for title, command in CODE_CHECKS.items():
            if exit_code := _check(title, command, env):
                return exit_code
        stack.manage(instance, env, "setup_database")
        stack.manage(instance, env, "migrate", "--no-input")
        return _check("Deployment", DEPLOYMENT, {**services.without_owner(env), **LIKE_PRODUCTION})


def _check(title: str, command: list[str], env: Mapping[str, str]) -> int:
    say(f"== {title}")
    exit_code = processes.run_in_foreground(command, env=env)
    if exit_code:
        say(f"{title}: failed.")
    return exit_code
