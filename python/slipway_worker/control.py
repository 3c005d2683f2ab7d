"""The control channel between the server and the process that hosts a service.

Frames both ways are a length (32 bits, big endian) and that many bytes of JSON. From the server:

``{"op": "load", "directory", "code", "initCode", "inputs", "outputs", "outputFileNames",
"service"}`` comes first and is answered by ``loaded`` or ``failed``;
``{"op": "fork", "worker", "socket", "nonce", "directory"}`` is answered by ``forked`` or
``fork_failed``; ``{"op": "kill", "worker"}`` is not answered. The host tells of its own accord
``{"op": "exited", "worker", "pid", "status"}``, or ``signal`` in place of ``status``. The end of
the stream ends the host and its workers.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from typing import Any

Message = dict[str, Any]

_LENGTH = struct.Struct(">I")
_CHUNK = 65536


class ControlChannel:
    """Reads and writes control frames on two file descriptors."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self.read_fd = read_fd
        self._write_fd = write_fd
        self._buffer = bytearray()

    @classmethod
    def take_over_standard_streams(cls) -> ControlChannel:
        """Use the standard streams for control; what code prints goes to standard error."""
        channel = cls(os.dup(0), os.dup(1))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        return channel

    def receive(self) -> Iterator[Message] | None:
        """Wait for bytes and return the messages that are complete; None at the end of stream."""
        chunk = os.read(self.read_fd, _CHUNK)
        if not chunk:
            return None
        self._buffer += chunk
        return self._complete()

    def receive_one(self) -> Message | None:
        """Wait for one message; None at the end of stream. Later ones stay for `receive`."""
        while (message := self._next()) is None:
            chunk = os.read(self.read_fd, _CHUNK)
            if not chunk:
                return None
            self._buffer += chunk
        return message

    def pending(self) -> Iterator[Message]:
        """Return the messages that have arrived already."""
        return self._complete()

    def send(self, message: Message) -> None:
        """Write one message; raises `BrokenPipeError` when the server is gone."""
        data = memoryview(frame(message))
        while data:
            data = data[os.write(self._write_fd, data) :]

    def close(self) -> None:
        """Close both descriptors, in a child that must not hold them."""
        os.close(self.read_fd)
        os.close(self._write_fd)

    def _complete(self) -> Iterator[Message]:
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> Message | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        end = _LENGTH.size + length
        if len(self._buffer) < end:
            return None
        message = json.loads(self._buffer[_LENGTH.size : end].decode("utf-8"))
        del self._buffer[:end]
        return message


def frame(message: Message) -> bytes:
    """Return a message as a frame."""
    data = json.dumps(message).encode("utf-8")
    return _LENGTH.pack(len(data)) + data
