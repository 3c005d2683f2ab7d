"""Which files of the working directory a piece of code has written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# By-products that nobody asked for.
_IGNORED_DIRECTORIES = frozenset({"__pycache__", ".ipynb_checkpoints"})

# Modification time in ns, size in bytes, inode: a file that was replaced has another inode.
_State = tuple[int, int, int]


class FileTracker:
    """Remembers the state of a directory, and tells later what is new or different.

    Links are neither followed nor told, so that nothing outside of the directory is looked at.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, _State] | None = None

    def remember(self) -> None:
        """Take the present state as the one to compare with."""
        self._known = dict(self._scan())

    def changed(self) -> list[str]:
        """Return the files written since `remember`, as sorted relative paths with ``/``.

        Files that were removed are not told. Empty when nothing was remembered.
        """
        if self._known is None:
            return []
        known = self._known
        return sorted(path for path, state in self._scan() if known.get(path) != state)

    def _scan(self) -> Iterator[tuple[str, _State]]:
        pending = [("", os.fspath(self._directory))]
        while pending:
            prefix, directory = pending.pop()
            try:
                entries = list(os.scandir(directory))
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                # Removed or closed by code that runs meanwhile: nothing there to tell.
                continue
            for entry in entries:
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _IGNORED_DIRECTORIES:
                        pending.append((path + "/", entry.path))
                elif entry.is_file(follow_symlinks=False):
                    state = _state(entry)
                    if state is not None:
                        yield path, state


def _state(entry: os.DirEntry[str]) -> _State | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
