"""The credentials of webhooks."""

import hashlib
import hmac

from sandbox.client import Sandbox
from sandbox.tests.receiver import Receiver
from sandbox.webhooks.signing import sign

SECRET = "sandbox-webhook-secret"
BODY = b'{"event":"message","session":"default","engine":"WEBJS"}'


def test_a_key_is_the_usual_credential(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.join(group, 1)
    sandbox.webhooks.flush()
    assert receiver.received[0].headers["X-API-Key"] == SECRET


def test_a_hub_signature_is_over_the_raw_body(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(signature="hub")
    sandbox.join(group, 1)
    sandbox.webhooks.flush()
    (received,) = receiver.received
    digest = hmac.new(SECRET.encode(), received.body, hashlib.sha256).hexdigest()
    assert received.headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert "X-API-Key" not in received.headers


def test_the_sha512_signature_is_that_of_the_published_example() -> None:
    assert sign("hmac512", "my-secret-key", BODY, {}, is_forged=False) == {
        "X-Webhook-Hmac-Algorithm": "sha512",
        "X-Webhook-Hmac": (
            "208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8"
            "097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89"
        ),
    }


def test_a_webhook_may_have_no_credential(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(signature="none")
    sandbox.join(group, 1)
    sandbox.webhooks.flush()
    assert not {"X-API-Key", "X-Hub-Signature-256", "X-Webhook-Hmac"} & set(receiver.received[0].headers)


def test_a_second_secret_signs_from_now_on(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    for secret in ("second", SECRET):
        sandbox.webhooks.configure(secret=secret)
        sandbox.join(group, 1)
        sandbox.webhooks.flush()
    assert [received.headers["X-API-Key"] for received in receiver.received] == ["second", SECRET]
