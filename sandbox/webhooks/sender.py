"""The thread that posts what the outbox gives it, one after the other."""

import threading

import requests

from sandbox.webhooks.outbox import Outbox, Post


def start(outbox: Outbox) -> None:
    """Begin to send."""
    threading.Thread(target=_run, args=(outbox,), name="webhooks", daemon=True).start()


def _run(outbox: Outbox) -> None:
    with requests.Session() as session:
        session.trust_env = False
        while True:
            post = outbox.take_next()
            outbox.note(post, _send(session, post))


def _send(session: requests.Session, post: Post) -> int | str:
    """The status answered, or what went wrong. Redirects are not followed: a receiver's address is its own."""
    try:
        answer = session.post(
            post.url, data=post.body, headers=dict(post.headers), timeout=post.timeout, allow_redirects=False
        )
    except requests.Timeout:
        return "timeout"
    except ValueError:
        return "invalid"
    except requests.RequestException:
        return "connection"
    return answer.status_code
