"""Tells cheaply whether anything in a directory may have changed."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable

# <sys/inotify.h>
_IN_MODIFY = 0x002
_IN_ATTRIB = 0x004
_IN_MOVED_FROM = 0x040
_IN_MOVED_TO = 0x080
_IN_CREATE = 0x100
_IN_DELETE = 0x200
_IN_ONLYDIR = 0x01000000
_CHANGES = _IN_MODIFY | _IN_ATTRIB | _IN_MOVED_FROM | _IN_MOVED_TO | _IN_CREATE | _IN_DELETE
_READ_SIZE = 65536


class DirectoryWatch:
    """Asks the kernel for events, at well under a microsecond a time; else says "perhaps".

    inotify is Linux's alone, and a user has few of its instances; without it `may_have_changed` is
    always true and the caller looks for itself.
    """

    def __init__(self) -> None:
        self._fd: int | None = None

    def start(self, directories: Iterable[str]) -> None:
        """Watch these directories, not those below them, in place of the ones before."""
        self.close()
        if sys.platform != "linux":
            return
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if fd < 0:
            return
        for directory in directories:
            added = libc.inotify_add_watch(fd, os.fsencode(directory), _CHANGES | _IN_ONLYDIR)
            if added < 0:
                os.close(fd)
                return
        self._fd = fd

    def may_have_changed(self) -> bool:
        """Tell whether something happened since the last call; the events are used up."""
        if self._fd is None:
            return True
        has_changed = False
        try:
            while os.read(self._fd, _READ_SIZE):
                has_changed = True
        except BlockingIOError:
            return has_changed
        except OSError:
            # The code of the service has closed a descriptor that was not its own.
            self._fd = None
        return True

    def close(self) -> None:
        """Stop watching."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
