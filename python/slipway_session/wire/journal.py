"""What a session has sent, kept until its server has no more need of it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from .frames import message_record

# Bytes that may wait for the server before those who produce output have to wait too. The server
# acknowledges what every attached kernel has taken, so that this is also the limit of what can
# pile up anywhere between the code that prints and the notebook.
_HIGH_WATER = 8 * 1024 * 1024


class Entry(NamedTuple):
    """A message that was sent, under its number, and how many bytes it takes."""

    number: int
    record: Sequence[bytes]
    size: int


class Journal:
    """Messages by number, from the oldest that the server has not acknowledged."""

    def __init__(self, high_water: int = _HIGH_WATER) -> None:
        self._high_water = high_water
        self._entries: deque[Entry] = deque()
        self._last = 0
        self._bytes = 0
        self._room = threading.Condition()

    @property
    def last(self) -> int:
        """The number of the newest message; 0 before the first."""
        return self._last

    @property
    def acknowledged(self) -> int:
        """The number up to which the server has acknowledged."""
        with self._room:
            return self._entries[0].number - 1 if self._entries else self._last

    def append(self, channel: bytes, parts: Sequence[bytes]) -> Entry:
        """Number a message and keep it."""
        with self._room:
            number = self._last + 1
            record = message_record(number, channel, parts)
            entry = Entry(number, record, sum(map(len, record)))
            self._entries.append(entry)
            self._last = number
            self._bytes += entry.size
            return entry

    def after(self, number: int) -> list[Entry]:
        """Return the messages with a higher number, oldest first."""
        with self._room:
            return [entry for entry in self._entries if entry.number > number]

    def acknowledge(self, number: int) -> None:
        """Forget the messages up to a number, and let those who wait for room go on."""
        with self._room:
            while self._entries and self._entries[0].number <= number:
                self._bytes -= self._entries.popleft().size
            if self._bytes <= self._high_water:
                self._room.notify_all()

    def wait_for_room(self) -> None:
        """Return when not too much waits; KeyboardInterrupt ends the wait."""
        # Without the lock: this is asked for each line that is printed.
        if self._bytes <= self._high_water:
            return
        with self._room:
            while self._bytes > self._high_water:
                self._room.wait()
