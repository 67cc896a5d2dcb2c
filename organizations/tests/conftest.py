"""Nothing remembered from the test before."""

from collections.abc import Iterator

import pytest

from webhooks import refusals, waking


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    waking.forget()
    refusals.forget()
    yield
    waking.forget()
    refusals.forget()
