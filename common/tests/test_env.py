"""The environment: what is set to nothing is missing, and what cannot be read is named."""

import importlib.util
import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


def read(monkeypatch: pytest.MonkeyPatch, **values: str) -> Any:
    """`config.env` as a process with these values has it."""
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("env_again", env.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_set_to_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch, TOKEN_ISSUERS="", SWEEP_SECONDS="", STREAM_COMPANY_ROLE="", CLERK_API_URL="")
    assert found.TOKEN_ISSUERS == {}
    assert found.SWEEP_SECONDS == 10
    assert found.STREAM_COMPANY_ROLE == "user"
    assert found.CLERK_API_URL == "https://api.clerk.com/v1"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("TOKEN_ISSUERS", '{"https://x": secret', "JSON"),
        ("WHATSAPP_GATEWAYS", '["secret"]', "an object of objects"),
        ("ORDER_SIGNING_SECRETS", '{"org_1": ["secret"]}', "an object of objects"),
        ("SWEEP_SECONDS", "secret", "a number"),
        ("WHATSAPP_SILENCE_HOURS", "1.5 secret", "a whole number"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, kind: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name} is not .*{kind}") as caught:
        read(monkeypatch, **{name: value})
    assert "secret" not in str(caught.value)


def test_addresses_of_another_kind_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="postgres://"):
        env.database("mysql://user:password@host/name")
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        env.email("mail.example.com")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SWEEP_SECONDS": "often"}, "SWEEP_SECONDS is not a number. See .env.example."),
        ({"DATABASE_URL": "postgres://u:p@127.0.0.1:1/x"}, "DATABASE_URL right?"),
    ],
)
def test_a_command_that_the_settings_stop_says_so_without_a_traceback(given: dict[str, str], said: str) -> None:
    command = [sys.executable, "manage.py", "resync_members", "--all"]
    run = subprocess.run(command, env=os.environ | given, cwd=env.BASE_DIR, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert said in run.stderr
    assert "Traceback" not in run.stderr
