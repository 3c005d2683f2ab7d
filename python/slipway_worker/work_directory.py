"""The working directory of a worker: which files a request has changed, and undoing that."""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from .directory_watch import DirectoryWatch


class _State(NamedTuple):
    """What tells that a file has changed."""

    mode: int
    size: int
    modified: int
    inode: int


class _Contents(NamedTuple):
    """The files and directories below a directory, by their relative paths."""

    files: dict[str, _State]
    directories: set[str]


class WorkDirectory:
    """A private copy of a service's files, the same again at the start of each request.

    Links are never followed.
    """

    def __init__(self, path: str, pristine: str) -> None:
        """Copy ``pristine`` to the new directory ``path`` and make it the current one."""
        self.path = path
        self._pristine = Path(pristine)
        self._own = Path(path + ".kept")
        shutil.copytree(pristine, path, symlinks=True)
        os.chmod(path, 0o700)
        os.chdir(path)
        self._watch = DirectoryWatch()
        self._remember()

    def keep_changes(self) -> None:
        """Take the files as they are now for those that each request starts with."""
        os.chdir(self.path)
        for path in self.changed():
            if os.path.isfile(path) and not os.path.islink(path):
                target = self._own / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
        self._remember()

    def changed(self) -> list[str]:
        """Return the files that were made or changed since the last `restore`, sorted."""
        if not self._watch.may_have_changed():
            return []
        os.chdir(self.path)
        self._now = now = _scan()
        then = self._start.files
        return sorted(path for path, state in now.files.items() if then.get(path) != state)

    def restore(self) -> None:
        """Undo what `changed` has found; raises `OSError` where that is impossible.

        The directory is the current one again, wherever the request has gone.
        """
        os.chdir(self.path)
        now, start = self._now, self._start
        if now == start:
            return
        paths = start.files.keys() | now.files.keys()
        changed = [path for path in paths if start.files.get(path) != now.files.get(path)]
        # Folders come before what is in them, so that none is reached through a link.
        for path in sorted(changed):
            _remove(path)
        for path in sorted(now.directories - start.directories):
            _remove(path)
        for path in sorted(start.directories):
            os.makedirs(path, exist_ok=True)
        for path in changed:
            if path in start.files:
                own = self._own / path
                source = own if own.exists() else self._pristine / path
                shutil.copy2(source, path, follow_symlinks=False)
        self._remember()

    def read_base64(self, name: str) -> str | None:
        """Return the content of a file, or None when there is no such regular file inside."""
        path = os.path.realpath(os.path.join(self.path, name))
        if not path.startswith(os.path.realpath(self.path) + os.sep) or not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            return base64.b64encode(file.read()).decode("ascii")

    def _remember(self) -> None:
        # The look that counts comes after the watch has begun, so that nothing is missed.
        self._watch.start([".", *_scan().directories])
        self._start = self._now = _scan()


def _scan() -> _Contents:
    contents = _Contents({}, set())
    _scan_into(contents, "")
    return contents


def _scan_into(contents: _Contents, prefix: str) -> None:
    with os.scandir(prefix or ".") as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                contents.directories.add(path)
                _scan_into(contents, path + "/")
            else:
                found = entry.stat(follow_symlinks=False)
                contents.files[path] = _State(
                    found.st_mode, found.st_size, found.st_mtime_ns, found.st_ino
                )


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
        return
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        # It went with its folder, or the folder is a file by now.
        return
