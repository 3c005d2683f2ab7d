"""Standard output and error of a session: ipykernel's, which wait until what they say is taken."""

from __future__ import annotations

import codecs
import itertools
import os
import select
import sys
import threading
from typing import Any

from ipykernel.iostream import OutStream

from .descriptor import unread_bytes

# Characters that are collected before they are sent at once. ipykernel sends five times a second,
# and a loop can print hundreds of megabytes meanwhile.
_LONGEST_BUFFER = 1024 * 1024
# Characters between two looks at how much waits: a look at each line took a fifth of its time.
_LOOK_INTERVAL = 64 * 1024
# Bytes that are read of the file descriptor at once: what a pipe holds.
_READ_SIZE = 64 * 1024


class FlowControlledStream(OutStream):
    """ipykernel's stream that stops who prints while too much waits to be taken.

    Without that a cell that prints without end fills the memory of the machine, since ipykernel
    collects what is printed faster than it can be sent.
    """

    # Characters since the last look, and those that were there then and have not been sent.
    _unseen = 0
    _collected = 0
    # The parent that was written for last, with its buffer and the buffers that this is one of.
    _latest: tuple[Any, Any, Any] | None = None
    # Changes with each write; the second is what it was when all before had been sent.
    _written = 0
    _sent = 0
    # Bytes of the file descriptor that have been published.
    _relayed = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take ipykernel's arguments; its constructor starts the thread that reads the pipe."""
        self._marks = itertools.count(1)
        self._relaying = threading.Condition()
        self._is_child = False
        super().__init__(*args, **kwargs)
        # Versions before 7 keep one buffer for all parents.
        self._has_buffers = hasattr(self, "_buffers") and self.echo is None
        os.register_at_fork(after_in_child=self._become_child)

    def write(self, string: str) -> int:
        """Write, and wait while too much has been written; looked at now and then, for speed."""
        length = self._collect(string)
        if self._unseen > _LOOK_INTERVAL:
            self._look()
        return length

    def flush(self) -> None:
        """Send what was written, when there is room for it.

        ipykernel flushes six times for each cell, and each time waits for its other thread, mostly
        with nothing to send.
        """
        if not self._is_child:
            session: Any = self.session
            if not session.is_service_thread():
                self._await_relay()
            if self._unseen > 0:
                self._unseen = 0
                session.wait_for_room()
            if self._sent == self._written:
                return
        super().flush()

    def _collect(self, string: str) -> int:
        latest = self._latest
        if latest is not None and type(string) is str and self.pub_thread is not None:
            parent, buffers, buffer = latest
            if parent is self.parent_header:
                # ipykernel looks the buffer up by all that the parent holds, for each piece of a
                # line that is printed.
                with self._buffer_lock:
                    if self._buffers is buffers:
                        length: int = buffer.write(string)
                        self._written = next(self._marks)
                        self._unseen += length
                        if not self._flush_pending:
                            self._schedule_flush()
                        return length
        super().write(string)
        length = len(string)
        # After the text is where it is sent from: whoever sees the mark finds the text.
        self._written = next(self._marks)
        self._unseen += length
        if self._has_buffers and not self._is_child:
            parent = self.parent_header
            with self._buffer_lock:
                buffers = self._buffers
                self._latest = (parent, buffers, buffers[frozenset(parent.items())])
        return length

    def _look(self) -> None:
        self._collected += self._unseen
        self._unseen = 0
        if self._collected > _LONGEST_BUFFER:
            self._collected = 0
            self.flush()
        else:
            session: Any = self.session
            session.wait_for_room()

    def _flush(self) -> None:
        self._collected = 0
        written = self._written
        super()._flush()
        # Not before it is on its way: who then finds nothing to send may send what comes after it.
        self._sent = written

    def _watch_pipe_fd(self) -> None:
        """Publish what is written to the file descriptor, and repeat it nowhere.

        ipykernel copies it to the original file descriptor too, which here is a file that nobody
        reads and that would grow without end.
        """
        descriptor: Any = self._fid
        readable = select.poll()
        readable.register(descriptor, select.POLLIN)
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        try:
            while readable.poll() and self._should_watch:
                with self._relaying:
                    data = os.read(descriptor, _READ_SIZE)
                    if not data:
                        return
                    self._collect(decoder.decode(data))
                    self._relayed += len(data)
                    self._relaying.notify_all()
                if self._unseen > _LOOK_INTERVAL:
                    self._look()
        except Exception:
            self._exc = sys.exc_info()

    def _await_relay(self) -> None:
        """Wait until what is in the pipe now has been published.

        What a finished subprocess has printed then stands before the reply of its cell. ipykernel
        sleeps half a millisecond and hopes.
        """
        descriptor = self._fid
        if descriptor is None or not self.watch_fd_thread.is_alive():
            return
        if threading.current_thread() is self.watch_fd_thread:
            return
        with self._relaying:
            target = self._relayed + unread_bytes(descriptor)
            while self._relayed < target and self.watch_fd_thread.is_alive():
                self._relaying.wait(timeout=1)

    def _become_child(self) -> None:
        """Leave the shortcuts to the parent, and what it has written and will send itself."""
        self._is_child = True
        self._latest = None
        if self._has_buffers:
            self._buffers.clear()
