"""One sandbox for all tests, emptied before each."""

from collections.abc import Iterator

import pytest

from sandbox.client import Sandbox
from sandbox.testing import running_sandbox
from sandbox.tests.calls import Gateway
from sandbox.tests.receiver import Receiver, running_receiver


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


@pytest.fixture
def receiver(sandbox: Sandbox) -> Iterator[Receiver]:
    """Where the sandbox's webhooks go, failures tried again at once."""
    with running_receiver() as receiver:
        sandbox.webhooks.configure(url=receiver.url, retry_seconds=[0.01] * 5)
        yield receiver
        sandbox.reset()
