"""Large buffers as files of their own: written without a copy, read back by mapping.

A mapping is private: restored arrays are writable, and what is written to them stays in memory and
never reaches the file, which may be shared with other restores.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import InvalidManifestError
from .manifest import BufferEntry

_OWN_FILE_BYTES = 1024 * 1024
# A mapping holds a file descriptor (before Python 3.13), and a process is given 1024 of them.
_MOST_OWN_FILES = 256
_ALIGNMENT = 64
_NO_DESCRIPTOR = {"trackfd": False} if sys.version_info >= (3, 13) else {}


class BufferWriter:
    """Writes the buffers of one snapshot below ``directory`` as ``buffers/<n>``.

    A buffer of 1 MiB and more has a file to itself, which stays the same when the rest of the
    snapshot changes; the smaller ones of a group share one, aligned to 64 bytes.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files = 0
        self._own_files = 0

    def write(self, buffers: Sequence[memoryview]) -> list[BufferEntry]:
        """Write the buffers of one group and say where each of them is."""
        entries: list[BufferEntry] = []
        packed: list[int] = []
        for index, buffer in enumerate(buffers):
            if buffer.nbytes >= _OWN_FILE_BYTES and self._own_files < _MOST_OWN_FILES:
                self._own_files += 1
                path = self._next_file()
                with open(self._directory / path, "xb", buffering=0) as file:
                    _write_all(file.fileno(), buffer)
                entries.append({"file": path, "offset": 0, "size": buffer.nbytes})
            else:
                packed.append(index)
                entries.append({"file": "", "offset": 0, "size": buffer.nbytes})
        if packed:
            self._pack(buffers, entries, packed)
        return entries

    def _pack(
        self, buffers: Sequence[memoryview], entries: list[BufferEntry], packed: list[int]
    ) -> None:
        path = self._next_file()
        offset = 0
        with open(self._directory / path, "xb") as file:
            for index in packed:
                file.write(bytes(-offset % _ALIGNMENT))
                offset += -offset % _ALIGNMENT
                file.write(buffers[index])
                entries[index]["file"], entries[index]["offset"] = path, offset
                offset += buffers[index].nbytes

    def _next_file(self) -> str:
        path = f"buffers/{self._files}"
        self._files += 1
        return path


class BufferMaps:
    """Maps the buffer files of one snapshot, each at most once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._maps: dict[str, mmap.mmap] = {}

    def view(self, entry: BufferEntry) -> mmap.mmap | memoryview:
        """Return the memory of one buffer; nothing is read before it is used.

        Raises `InvalidManifestError` when the file is shorter than the manifest says.
        """
        mapped = self._maps.get(entry["file"])
        if mapped is None:
            mapped = self._maps[entry["file"]] = self._map(entry["file"])
        start, end = entry["offset"], entry["offset"] + entry["size"]
        if end > len(mapped):
            raise InvalidManifestError(f"{entry['file']} is shorter than it was when saved")
        return mapped if (start, end) == (0, len(mapped)) else memoryview(mapped)[start:end]

    def _map(self, path: str) -> mmap.mmap:
        descriptor = os.open(self._directory / path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        try:
            if os.fstat(descriptor).st_size == 0:
                raise InvalidManifestError(f"{path} is empty")
            return mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY, **_NO_DESCRIPTOR)
        finally:
            os.close(descriptor)


def _write_all(descriptor: int, buffer: memoryview) -> None:
    # One write call carries at most 2 GiB on Linux.
    view = buffer.cast("B") if buffer.format != "B" else buffer
    while view.nbytes:
        view = view[os.write(descriptor, view) :]
