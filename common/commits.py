"""Telling others of a transaction: after its commit, and once, however many of its steps have the same to tell."""

import threading
from collections.abc import Callable, Hashable
from weakref import WeakValueDictionary

from django.db import transaction


class _Once:
    """One thing to tell. Each step's commit hook holds it, so it lives exactly as long as one of them does."""

    is_told = False


class _Pending(threading.local):
    def __init__(self) -> None:
        self.by_key: WeakValueDictionary[Hashable, _Once] = WeakValueDictionary()


_pending = _Pending()


def once_after_commit(key: Hashable, tell: Callable[[], object]) -> None:
    """
    Call `tell` once the transaction under way has committed, unless one of its other steps did so for this `key`.

    A step that is rolled back tells nothing, and does not keep the others from telling. It never fails its caller.
    """
    once = _pending.by_key.setdefault(key, _Once())

    def tell_once() -> None:
        if once.is_told:
            return
        once.is_told = True
        _pending.by_key.pop(key, None)
        tell()

    # A function and no partial: Django logs the failure of a hook by its __qualname__.
    transaction.on_commit(tell_once, robust=True)
