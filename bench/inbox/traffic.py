"""Requests over connections that stay open, each connection waiting for its answer before it sends the next."""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


class WrongAnswer(Exception):
    """The server did not answer 200: what was measured means nothing."""


@dataclass(slots=True)
class _Lane:
    """One connection, and what has come of its answer."""

    socket: socket.socket
    answer: bytes = b""

    def receive(self) -> bool:
        """
        Take what is there; tell whether the answer is whole.

        :raises WrongAnswer: it is another than 200, or the connection was closed
        """
        part = self.socket.recv(65536)
        self.answer += part
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if not part or not self.answer.startswith(b"HTTP/1.1 200 "[: len(self.answer)]):
            raise WrongAnswer(self.answer[:300])
        if not found or len(body) < _length(head):
            return False
        self.answer = b""
        return True


class Crowd:
    """
    Sixteen connections to the server, opened anew after each `turns` sends.

    How they fall on the server's processes is chance, and makes the same view up to three times as fast: what is
    compared goes over the same ones.
    """

    def __init__(self, port: int, *, turns: int, connections: int = 16) -> None:
        self._port, self._turns, self._connections = port, turns, connections
        self._lanes: list[_Lane] = []
        self._sent = 0

    def send(self, requests: Sequence[bytes]) -> float:
        """
        Send all requests; answers how many seconds it took from the first byte to the last.

        :raises WrongAnswer: an answer was not 200
        """
        if self._sent % self._turns == 0:
            self.close()
            self._lanes = [self._connect() for _ in range(self._connections)]
        self._sent += 1
        with selectors.DefaultSelector() as selector:
            begun = time.perf_counter()
            _run(selector, self._lanes, iter(requests))
            return time.perf_counter() - begun

    def close(self) -> None:
        """Hang up."""
        for lane in self._lanes:
            lane.socket.close()

    def _connect(self) -> _Lane:
        return _Lane(socket.create_connection(("127.0.0.1", self._port)))


def _run(selector: selectors.BaseSelector, lanes: list[_Lane], rest: Iterator[bytes]) -> None:
    for lane, request in zip(lanes, rest, strict=False):
        selector.register(lane.socket, selectors.EVENT_READ, lane)
        lane.socket.sendall(request)
    while selector.get_map():
        for key, _ in selector.select():
            lane = key.data
            if not lane.receive():
                continue
            request = next(rest, b"")
            if request:
                lane.socket.sendall(request)
            else:
                selector.unregister(lane.socket)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise WrongAnswer(head[:300])
