"""The session's end of the link with its server.

The session listens and the server connects, so that a server that was started again finds the
sessions of the one before and goes on with each where that one was: the session numbers what it
sends and keeps it until it is acknowledged, and counts what it has received over each link of a
kernel. One server is connected at a time.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Callable

from .frames import HEAD, MESSAGE, read_message, word_record
from .journal import Journal

# Messages, or bytes, over one link after which the server is told that they have arrived.
_ACKNOWLEDGE_MESSAGES = 64
_ACKNOWLEDGE_BYTES = 256 * 1024

_READ_SIZE = 256 * 1024
# User code may have given SIGPIPE back its meaning; the end of a server must not end the session.
_NO_SIGNAL = getattr(socket, "MSG_NOSIGNAL", 0)
# Seconds between two looks at whether an abandoned session still runs code.
_ABANDONED_INTERVAL = 1.0
# Seconds that a session which runs code waits for a server at the most.
_LONGEST_PATIENCE = 24 * 60 * 60.0
# Seconds that a server which has just started the session has to connect.
_FIRST_PATIENCE = 60.0

Deliver = Callable[[str, Sequence[bytes]], None]
Running = Callable[[], Sequence[str]]


class ServerLink:
    """Sends what the session says, in one order, and delivers what the server sends."""

    def __init__(self, path: str, facts: dict[str, Any]) -> None:
        """Prepare a link at the path of a socket; ``facts`` is what a server is told first."""
        self._path = path
        self._facts = facts
        self._journal = Journal()
        self._connection: socket.socket | None = None
        # The number of the last message that was sent over this connection.
        self._sent = 0
        self._sending = threading.Lock()
        self._received: defaultdict[str, int] = defaultdict(int)
        self._unconfirmed: defaultdict[str, int] = defaultdict(int)
        self._unconfirmed_bytes = 0
        # Whether a kernel was ever attached.
        self._attended = False
        self._patience = _FIRST_PATIENCE
        self._listener: socket.socket | None = None

    def start(self, deliver: Deliver, running: Running, abandon: Callable[[], None]) -> None:
        """Listen, in a thread of the link's own.

        ``deliver`` gets the channel and the parts of each message. ``running`` tells the ids of
        the requests whose code runs. ``abandon`` is called when none does and no server has come
        for so long as the last one said.
        """
        listener = socket.socket(socket.AF_UNIX)
        # The file appears when connections are taken: the server connects as soon as it sees it.
        unready = f"{self._path}.new"
        listener.bind(unready)
        os.chmod(unready, 0o600)
        # Room for the probes and connections of servers that came and went while code held the lock
        # of the interpreter.
        listener.listen(64)
        os.rename(unready, self._path)
        self._listener = listener
        os.register_at_fork(after_in_child=self._forget)
        threading.Thread(
            target=self._serve,
            args=(listener, deliver, running, abandon),
            name="Server link",
            daemon=True,
        ).start()

    def send(self, channel: bytes, parts: Sequence[bytes]) -> None:
        """Send a message, or keep it for the next server. Called in one thread alone."""
        entry = self._journal.append(channel, parts)
        with self._sending:
            if self._connection is not None and self._sent == entry.number - 1:
                self._transmit(entry.record)
                self._sent = entry.number

    def wait_for_room(self) -> None:
        """Wait while too much of what was sent has not been taken yet."""
        self._journal.wait_for_room()

    def _transmit(self, record: Sequence[bytes]) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            for part in record:
                connection.sendall(part, _NO_SIGNAL)
        except OSError:
            # The server is gone. The thread that reads finds out by itself; what was sent is kept.
            self._connection = None

    def _serve(
        self,
        listener: socket.socket,
        deliver: Deliver,
        running: Running,
        abandon: Callable[[], None],
    ) -> None:
        while True:
            connection = self._accept(listener, running)
            if connection is None:
                # Whoever comes now would wait for a greeting that nobody says.
                listener.close()
                abandon()
                return
            with connection:
                # A broken connection is as good as its end: what it lost is kept for the next.
                with contextlib.suppress(OSError, MemoryError):
                    self._converse(connection, deliver, running)
                with self._sending:
                    self._connection = None

    def _accept(self, listener: socket.socket, running: Running) -> socket.socket | None:
        waited = 0.0
        listener.settimeout(_ABANDONED_INTERVAL)
        while waited < self._patience or (running() and waited < _LONGEST_PATIENCE):
            try:
                connection, _ = listener.accept()
            except socket.timeout:
                waited += _ABANDONED_INTERVAL
                if not os.path.exists(self._path):
                    # Somebody has removed the server's files: no server can come any more.
                    return None
                continue
            except OSError:
                # As when user code has opened all the files that it may, which can pass.
                time.sleep(_ABANDONED_INTERVAL)
                waited += _ABANDONED_INTERVAL
                continue
            connection.settimeout(None)
            return connection
        return None

    def _converse(self, connection: socket.socket, deliver: Deliver, running: Running) -> None:
        hello = {
            **self._facts,
            "type": "hello",
            "acknowledged": self._journal.acknowledged,
            "last": self._journal.last,
            "links": dict(self._received),
            "attended": self._attended,
            "running": running(),
        }
        connection.sendall(word_record(hello), _NO_SIGNAL)
        buffer = bytearray()
        while True:
            chunk = connection.recv(_READ_SIZE)
            if not chunk:
                return
            buffer += chunk
            start = 0
            while len(buffer) - start >= HEAD.size:
                length, kind = HEAD.unpack_from(buffer, start)
                end = start + HEAD.size + length
                if len(buffer) < end:
                    break
                payload = bytes(memoryview(buffer)[start + HEAD.size : end])
                start = end
                if kind == MESSAGE[0]:
                    self._receive(payload, deliver)
                else:
                    self._hear(connection, json.loads(payload))
            if start > 0:
                del buffer[:start]

    def _receive(self, payload: bytes, deliver: Deliver) -> None:
        link, channel, parts = read_message(payload)
        deliver(channel, parts)
        if link == "":
            return
        self._received[link] += 1
        self._unconfirmed[link] += 1
        self._unconfirmed_bytes += len(payload)
        if (
            self._unconfirmed[link] >= _ACKNOWLEDGE_MESSAGES
            or self._unconfirmed_bytes >= _ACKNOWLEDGE_BYTES
        ):
            self._unconfirmed.clear()
            self._unconfirmed_bytes = 0
            confirmed = word_record({"type": "received", "links": dict(self._received)})
            with self._sending:
                self._transmit([confirmed])

    def _hear(self, connection: socket.socket, word: dict[str, Any]) -> None:
        kind = word["type"]
        if kind == "acknowledged":
            self._journal.acknowledge(word["number"])
        elif kind == "welcome":
            self._patience = float(word["patience"])
            self._resume(connection, word["after"])
        elif kind == "patience":
            self._patience = float(word["seconds"])
        elif kind == "attached":
            self._attended = True
            self._received.setdefault(word["link"], 0)
        elif kind == "detached":
            self._received.pop(word["link"], None)
            self._unconfirmed.pop(word["link"], None)

    def _resume(self, connection: socket.socket, after: int) -> None:
        with self._sending:
            self._connection = connection
            self._sent = after
            for entry in self._journal.after(after):
                self._transmit(entry.record)
                self._sent = entry.number

    def _forget(self) -> None:
        """Leave the link to the parent, in a forked child; the server must see the parent's end."""
        self._journal = Journal()
        for held in (self._listener, self._connection):
            if held is not None:
                held.close()
