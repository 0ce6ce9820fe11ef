"""A server that says a case's bytes to a browser, each piece only when the one before has been taken in."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PATIENCE_S = 15.0
AGAIN = b"data:again\n\n"
"""What a client hears that has come back."""

_HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Type: %b\r\n\r\n"


@dataclass(slots=True)
class Origin:
    """Serves an empty page at `/`, and `pieces` at `/stream`. `taken` hears how many bytes the browser took.

    `came_back_with` holds the Last-Event-ID of each later request for the stream, which hears AGAIN; None where it had none.
    """

    pieces: list[bytes] = field(default_factory=list)
    taken: queue.SimpleQueue[int] = field(default_factory=queue.SimpleQueue)
    came_back_with: list[bytes | None] = field(default_factory=list)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _asked: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def aim(self, pieces: list[bytes]) -> None:
        """Say `pieces` to the next who asks for the stream."""
        self.pieces, self._asked, self.came_back_with = pieces, 0, []
        while not self.taken.empty():
            self.taken.get()

    def serve(self) -> None:
        """Until closed: one connection after the other, as one page asks."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                # A browser opens connections that it never uses.
                threading.Thread(target=self._answer, args=(connection.dup(),), daemon=True).start()

    def close(self) -> None:
        # Closing alone does not wake up who waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(PATIENCE_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                head = _head_of(connection)
                if head.startswith(b"GET /stream "):
                    connection.sendall(_HEAD % b"text/event-stream")
                    self._asked += 1
                    if self._asked == 1:
                        self._say(connection)
                    else:
                        self.came_back_with.append(_last_event_id(head))
                        connection.sendall(AGAIN)
                elif head:
                    connection.sendall(_HEAD % b"text/html")
            except (OSError, queue.Empty):
                pass  # the page has gone, and what it lacks the test will say

    def _say(self, connection: socket.socket) -> None:
        said = taken = 0
        for piece in self.pieces:
            connection.sendall(piece)
            said += len(piece)
            while taken < said:
                taken += self.taken.get(timeout=PATIENCE_S)


@contextmanager
def serving() -> Iterator[Origin]:
    """An origin of its own for as long as the block lasts."""
    origin = Origin()
    thread = threading.Thread(target=origin.serve)
    thread.start()
    try:
        yield origin
    finally:
        origin.close()
        thread.join()


def _head_of(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        head += chunk
    return head


def _last_event_id(head: bytes) -> bytes | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b": ")
        if name.lower() == b"last-event-id":
            return value
    return None
