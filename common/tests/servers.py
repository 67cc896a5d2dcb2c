"""A server that answers with the bytes of a test, for what no well-behaved server can be made to say."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def server(play: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that reads one request and lets `play` answer it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, play), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    thread.join(5)


def _serve(listener: socket.socket, play: Callable[[socket.socket], None]) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        try:
            play(connection)
        except OSError:
            return


def says(status: int, body: str | bytes) -> Callable[[socket.socket], None]:
    """For `server`: one whole answer."""
    raw = body.encode() if isinstance(body, str) else body
    head = f"HTTP/1.1 {status} Said\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
    return lambda connection: connection.sendall(head + raw)
