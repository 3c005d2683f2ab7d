"""Standard output and error of a session: ipykernel's, which wait until what they say is taken."""

from __future__ import annotations

import os
import sys
from typing import Any

from ipykernel.iostream import PIPE_BUFFER_SIZE, OutStream

# Characters that are collected before they are sent at once. ipykernel sends five times a second,
# and a loop can print hundreds of megabytes meanwhile.
_LONGEST_BUFFER = 1024 * 1024


class FlowControlledStream(OutStream):
    """ipykernel's stream that stops who prints while too much waits to be taken.

    Without that a cell that prints without end fills the memory of the machine, since ipykernel
    collects what is printed faster than it can be sent.
    """

    _collected = 0

    def write(self, string: str) -> int:
        """Write, and wait first while too much has been written."""
        session: Any = self.session
        session.wait_for_room()
        super().write(string)
        self._collected += len(string)
        if self._collected > _LONGEST_BUFFER:
            self._collected = 0
            self.flush()
        return len(string)

    def _flush(self) -> None:
        self._collected = 0
        super()._flush()

    def _watch_pipe_fd(self) -> None:
        """Publish what is written to the file descriptor, and repeat it nowhere.

        ipykernel copies it to the original file descriptor too, which here is a file that nobody
        reads and that would grow without end.
        """
        descriptor: Any = self._fid
        try:
            data = os.read(descriptor, PIPE_BUFFER_SIZE)
            while data and self._should_watch:
                self.write(data.decode(errors="replace"))
                data = os.read(descriptor, PIPE_BUFFER_SIZE)
        except Exception:
            self._exc = sys.exc_info()
