"""What a deployment is told of its chat."""

from typing import Any

import pytest

from chat.checks import check_chat


def test_the_usual_settings_say_nothing() -> None:
    assert check_chat() == []


def test_companies_as_admins_are_warned_of(settings: Any) -> None:
    settings.STREAM_COMPANY_ROLE = "admin"
    (warning,) = check_chat()
    assert warning.id == "chat.W001"
    assert "all conversations" in warning.msg


@pytest.mark.parametrize("prefix", ["", "with space", "x" * 21, "under_score", "ünïcode"])
def test_a_prefix_that_makes_no_ids_is_an_error(settings: Any, prefix: str) -> None:
    settings.STREAM_ID_PREFIX = prefix
    assert [error.id for error in check_chat()] == ["chat.E001"]
