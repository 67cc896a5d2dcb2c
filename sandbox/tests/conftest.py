"""One sandbox for all tests, emptied before each."""

from collections.abc import Iterator

import pytest

from sandbox.client import Sandbox
from sandbox.testing import running_sandbox
from sandbox.tests.calls import Gateway
from sandbox.tests.receiver import Receiver, forget, running_receiver


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


@pytest.fixture
def group(sandbox: Sandbox, receiver: Receiver) -> str:
    """A group made by wa_1, whose making is told and forgotten."""
    sandbox.add_session("wa_1")
    jid = sandbox.add_group("wa_1", "Pottery")
    forget(sandbox, receiver)
    return jid
