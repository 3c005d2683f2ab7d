"""The session's stdout and stderr, which outlive what a cell does to them."""

from __future__ import annotations

import sys
from typing import Any

NAMES = ("stdout", "stderr")


class StreamGuard:
    """Keeps ``sys.stdout`` and ``sys.stderr`` fit for the cells to come.

    ipykernel flushes both before each reply. Where one is no stream any more, the reply is not
    sent, and whoever asked waits for ever.
    """

    def __init__(self) -> None:
        """Take the streams of now as the session's own."""
        self._own: dict[str, Any] = {name: getattr(sys, name) for name in NAMES}
        for stream in self._own.values():
            # One cell must not take the output from all that follow. A program that closes its
            # stdout means its own last line, which is flushed.
            stream.close = stream.flush

    def set_parent(self, parent: Any) -> None:
        """Print below the cell of this request from now on, also through the user's own stream.

        ipykernel tells only what ``sys.stdout`` is at that moment: a stream that wraps the
        session's would print below the cell that put it in place.
        """
        for stream in self._own.values():
            stream.set_parent(parent)

    def mend(self) -> None:
        """Put the session's own stream back where there is none that works, and say so.

        Another stream that works stays: replacing ``sys.stdout`` is the user's right.
        """
        broken = [name for name in NAMES if not _works(getattr(sys, name, None))]
        for name in broken:
            setattr(sys, name, self._own[name])
        if broken:
            names = " and ".join(f"sys.{name}" for name in broken)
            was = (
                "was no open stream and is" if len(broken) == 1 else "were no open streams and are"
            )
            sys.stderr.write(f"{names} {was} the session's again.\n")


def _works(stream: Any) -> bool:
    try:
        stream.flush()
        # A closed StringIO can be flushed.
        return callable(stream.write) and not getattr(stream, "closed", False)
    except Exception:
        # Whatever an object raises that is no stream, or a closed one: it cannot be printed on.
        return False
