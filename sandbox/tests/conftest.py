"""One sandbox for all tests, emptied before each."""

from collections.abc import Iterator

import pytest

from sandbox.client import Sandbox
from sandbox.testing import running_sandbox
from sandbox.tests.calls import Gateway


@pytest.fixture(scope="session")
def process() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: Sandbox) -> Sandbox:
    process.reset()
    return process


@pytest.fixture
def gateway(sandbox: Sandbox) -> Gateway:
    return Gateway(sandbox)
