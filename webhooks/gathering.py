"""
Threads that write at the same time share one statement and one commit.

Whoever comes while nobody writes, writes at once. Those who come meanwhile wait, and the first of them then writes for
all of them: the busier the process, the fewer the statements, and nobody ever waits for company.
"""

import threading
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _Word(Enum):
    """What a thread that waited is told."""

    WRITTEN = auto()
    WRITE_FOR_ALL = auto()
    WRITE_ALONE = auto()


class _Parcel(Generic[Item]):
    """What one thread wants to be written."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self._told = threading.Semaphore(0)
        self._word = _Word.WRITE_ALONE

    def tell(self, word: _Word) -> None:
        self._word = word
        self._told.release()

    def wait(self) -> _Word:
        self._told.acquire()
        return self._word


class Gathering(Generic[Item]):
    """The threads of this process that write by `write`."""

    def __init__(self, write: Callable[[Sequence[Item]], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[_Parcel[Item]] = []
        self._is_writing = False

    def put(self, items: Sequence[Item]) -> None:
        """
        Return once `items` are written.

        Raises what `write` raises for them: when it fails for all, each thread writes its own once more, alone.
        """
        parcel = _Parcel(items)
        with self._lock:
            self._waiting.append(parcel)
            is_first, self._is_writing = not self._is_writing, True
        word = _Word.WRITE_FOR_ALL if is_first else parcel.wait()
        if word is _Word.WRITE_FOR_ALL:
            self._write_for_all(parcel)
        elif word is _Word.WRITE_ALONE:
            self._write(items)

    def _write_for_all(self, own: _Parcel[Item]) -> None:
        with self._lock:
            parcels, self._waiting = self._waiting, []
        others = [parcel for parcel in parcels if parcel is not own]
        word = _Word.WRITE_ALONE
        try:
            self._write([item for parcel in parcels for item in parcel.items])
            word = _Word.WRITTEN
        except Exception:
            if not others:
                raise
        finally:
            self._pass_on()
            for other in others:
                other.tell(word)
        if word is _Word.WRITE_ALONE:
            self._write(own.items)

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting[0].tell(_Word.WRITE_FOR_ALL)
            else:
                self._is_writing = False
