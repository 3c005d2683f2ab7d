"""What waits in a pipe."""

from __future__ import annotations

import fcntl
import struct
import termios

_COUNT = struct.Struct("i")
_ZERO = bytes(_COUNT.size)


def unread_bytes(descriptor: int) -> int:
    """Return how many bytes have been written to a pipe and not been read yet."""
    (count,) = _COUNT.unpack(fcntl.ioctl(descriptor, termios.FIONREAD, _ZERO))
    return int(count)
