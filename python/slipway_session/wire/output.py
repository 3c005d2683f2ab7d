"""Standard output and error of a session: ipykernel's, which wait until what they say is taken."""

from __future__ import annotations

import os
import sys
from typing import Any

from ipykernel.iostream import PIPE_BUFFER_SIZE, OutStream

# Characters that are collected before they are sent at once. ipykernel sends five times a second,
# and a loop can print hundreds of megabytes meanwhile.
_LONGEST_BUFFER = 1024 * 1024
# Characters between two looks at how much waits: a look at each line took a fifth of its time.
_LOOK_INTERVAL = 64 * 1024


class FlowControlledStream(OutStream):
    """ipykernel's stream that stops who prints while too much waits to be taken.

    Without that a cell that prints without end fills the memory of the machine, since ipykernel
    collects what is printed faster than it can be sent.
    """

    # Characters since the last look, and those that were there then and have not been sent.
    _unseen = 0
    _collected = 0

    def write(self, string: str) -> int:
        """Write, and wait while too much has been written; looked at now and then, for speed."""
        super().write(string)
        length = len(string)
        self._unseen += length
        if self._unseen > _LOOK_INTERVAL:
            self._look()
        return length

    def flush(self) -> None:
        """Send what was written, when there is room for it."""
        if self._unseen > 0:
            self._unseen = 0
            session: Any = self.session
            session.wait_for_room()
        super().flush()

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
