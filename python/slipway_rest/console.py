"""The one way out of a running request: what the server calls its console.

What is printed to stdout goes out as it is, so that other clients of the session can read it.
Everything else is a *record* in between: the character RS, the id of the request, a colon, one line
of ASCII JSON. The id is random and new for each request, so that no output is mistaken for one.

=====================================  ===========================================================
``{"begin": 1}``                       the request runs; what stands before is another's
``{"stdout": text}``                   text that the console cannot take as it is
``{"stderr": text}``
``{"type": …, "content": …}``          a message to publish, as Jupyter has it
``{"file": name}``                     a record too long for the console, in the working directory
``{"reply": …}``                       the answer; nothing follows
=====================================  ===========================================================
"""

import io
import os
import threading
from typing import Any, Dict, List, Optional  # noqa: F401 - List is in a comment

from .json_text import dumps

_RECORD = "\x1e"
# Characters. Whoever follows the console gets all of it again and again: keep it short.
_LONGEST_RECORD = 16 * 1024
# Characters of stderr that wait for the end of their line.
_LONGEST_LINE = 8 * 1024


class Console:
    """Writes records and text, in the order in which they come, from whatever thread."""

    def __init__(self, raw: Any, request_id: str, directory: str) -> None:
        self.parcels = []  # type: List[str]
        self._raw = raw
        self._id = request_id
        self._directory = directory
        self._lock = threading.RLock()
        self._errors = []  # type: List[str]
        self._errors_length = 0
        encoding = (getattr(raw, "encoding", None) or "utf-8").lower().replace("-", "")
        self._takes_unicode = encoding == "utf8"

    def begin(self) -> None:
        """Say that the request runs, at once: an interrupt may wait for it."""
        with self._lock:
            self._record({"begin": 1})
            self._raw.flush()

    def write(self, name: str, text: str) -> None:
        """Print text to ``stdout`` or ``stderr``."""
        if name == "stdout" and self._takes_unicode and not self._errors:
            # The way of most text. One write is one piece, so that no lock is needed.
            self._raw.write(text)
            return
        with self._lock:
            if name == "stderr":
                self._write_error(text)
                return
            self._send_errors()
            if self._takes_unicode or all(ord(character) < 128 for character in text):
                self._raw.write(text)
            else:
                self._record({"stdout": text})

    def flush(self) -> None:
        """Send what waits."""
        with self._lock:
            self._send_errors()
            self._raw.flush()

    def message(self, msg_type: str, content: Dict[str, Any]) -> None:
        """Publish a message of Jupyter's."""
        with self._lock:
            self._send_errors()
            self._record({"type": msg_type, "content": content})

    def reply(self, content: Dict[str, Any]) -> None:
        """Answer the request."""
        with self._lock:
            self._send_errors()
            self._record({"reply": content})
            self._raw.flush()

    def _write_error(self, text: str) -> None:
        self._errors.append(text)
        self._errors_length += len(text)
        if "\n" in text or "\r" in text or self._errors_length > _LONGEST_LINE:
            self._send_errors()

    def _send_errors(self) -> None:
        if self._errors:
            text = "".join(self._errors)
            self._errors = []
            self._errors_length = 0
            self._record({"stderr": text})

    def _record(self, record: Dict[str, Any]) -> None:
        text = dumps(record)
        if len(text) > _LONGEST_RECORD:
            parcel = self._parcel(text)
            if parcel is not None:
                text = dumps({"file": parcel})
        self._raw.write("{}{}:{}\n".format(_RECORD, self._id, text))

    def _parcel(self, text: str) -> Optional[str]:
        """Write a file for the kernel to fetch; None where none can be written."""
        name = ".slipway-{}-{}.json".format(self._id, len(self.parcels))
        path = os.path.join(self._directory, name)
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(text)
        except OSError:
            # A full disk, or a working directory that is gone: the console is the way that is left.
            return None
        self.parcels.append(path)
        return name


class Writer(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of a session.

    Code may keep it beyond its cell, as handlers of ``logging`` do: it then writes to the console
    of the request that runs, and between requests to the stream that it stands for.
    """

    def __init__(self, name: str, original: Any) -> None:
        super().__init__()
        self.console = None  # type: Optional[Console]
        self.original = original
        self._name = name

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Text of any characters can be written."""
        return "utf-8"

    @property
    def name(self) -> str:
        """As files have it."""
        return "<{}>".format(self._name)

    def writable(self) -> bool:
        """As files have it."""
        return True

    def fileno(self) -> int:
        """Return the descriptor that child processes inherit."""
        return int(self.original.fileno())

    def write(self, text: str) -> int:
        """Print text."""
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not {}".format(type(text).__name__))
        console = self.console
        if console is not None:
            console.write(self._name, text)
        else:
            self.original.write(text)
        return len(text)

    def flush(self) -> None:
        """Send what waits."""
        console = self.console
        if console is not None:
            console.flush()
        elif not self.original.closed:
            self.original.flush()
