"""What a request prints, kept for its answer."""

from __future__ import annotations

import io
import os

LIMIT = 1024 * 1024
"""Characters that are kept of one request's output."""


class Console(io.TextIOBase):
    """Stands in for standard output and standard error, in the order in which both are written.

    Between requests, what is written goes to the process's own standard error, which is the log.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] | None = None
        self._length = 0
        self._is_cut = False
        self._binary = _BinaryFace(self)

    @property
    def buffer(self) -> io.RawIOBase:
        """The face for code that writes bytes."""
        return self._binary

    def begin(self) -> None:
        """Start to keep what is written."""
        self._parts = []
        self._length = 0
        self._is_cut = False

    def end(self) -> str:
        """Stop keeping, and return what was written."""
        parts, self._parts = self._parts, None
        if not parts:
            return ""
        if self._is_cut:
            parts.append(f"\n[The output was cut after {LIMIT} characters.]\n")
        return "".join(parts)

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Keep the text, or the part of it that fits."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        parts = self._parts
        if parts is None:
            os.write(2, text.encode("utf-8", "replace"))
            return len(text)
        room = LIMIT - self._length
        if len(text) <= room:
            parts.append(text)
            self._length += len(text)
        elif not self._is_cut:
            parts.append(text[:room])
            self._length = LIMIT
            self._is_cut = True
        return len(text)


class _BinaryFace(io.RawIOBase):
    """Decodes bytes that are written to ``sys.stdout.buffer``."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        content = bytes(data)  # type: ignore[call-overload]
        self._console.write(content.decode("utf-8", "replace"))
        return len(content)
