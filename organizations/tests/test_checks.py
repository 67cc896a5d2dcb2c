"""The deploy checks of Clerk's part."""

from typing import Any

import pytest
from django.core.checks import run_checks

from common.tests.processes import manage


def found(name: str) -> list[str]:
    """The messages of one check."""
    return [str(message.msg) for message in run_checks(include_deployment_checks=True) if message.id == name]


def test_what_is_missing_is_named() -> None:
    names = ("CLERK_SECRET_KEY", "CLERK_WEBHOOK_SECRETS")
    assert not {f"{name} is not set." for name in names} & set(found("config.E001"))
    _, said = manage("check", "--deploy", **dict.fromkeys(names, "")).communicate()
    for name in names:
        assert f"(config.E001) {name} is not set." in said


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!!", "whsec_c2hvcnQ=", "plain text"])
def test_a_webhook_secret_that_is_none_is_named_by_its_place(settings: Any, secret: str) -> None:
    assert found("config.E005") == []
    settings.CLERK_WEBHOOK_SECRETS = [*settings.CLERK_WEBHOOK_SECRETS, secret]
    assert found("config.E005") == ["CLERK_WEBHOOK_SECRETS: number 2 is no secret of Svix."]


@pytest.mark.parametrize("role", ["owner", "chief", ""])
def test_a_role_that_cannot_be_mapped_to_is_named(settings: Any, role: str) -> None:
    assert found("config.E006") == []
    settings.CLERK_ROLES = {**settings.CLERK_ROLES, "org:boss": role}
    assert found("config.E006") == [f"CLERK_ROLES maps org:boss to {role}, which grants nothing."]


@pytest.mark.parametrize(
    ("facts", "number"),
    [
        ({"jwks_url": "https://x.example/jwks"}, 0),
        ({"provider": "supabase", "secret": "s"}, 0),
        ({"provider": "supabase", "jwks_url": "https://x.example/jwks"}, 0),
        ({"secret": "s"}, 1),
        ({}, 1),
        ({"provider": "okta", "jwks_url": "https://x.example/jwks"}, 1),
    ],
)
def test_an_issuer_that_cannot_be_verified_is_named(settings: Any, facts: dict[str, str], number: int) -> None:
    settings.TOKEN_ISSUERS = {"https://issuer.example": facts}
    assert len(found("config.E003")) == number
