"""Standard output and error of a session: ipykernel's, which wait until what they say is taken."""

from __future__ import annotations

import os
import sys
from typing import Any

from ipykernel.iostream import PIPE_BUFFER_SIZE, OutStream


class FlowControlledStream(OutStream):
    """ipykernel's stream that stops who prints while too much waits to be taken.

    Without that a cell that prints without end fills the memory of the machine, since ipykernel
    collects what is printed faster than it can be sent.
    """

    def write(self, string: str) -> int:
        """Write, and wait first while too much has been written."""
        session: Any = self.session
        session.wait_for_room()
        super().write(string)
        return len(string)

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
