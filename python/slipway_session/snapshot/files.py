"""The files of the working directory: copied into a snapshot and back, links never followed out."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .errors import FileRestoreError, InvalidManifestError
from .manifest import FileEntry, SkippedFile, safe_relative_path

FILE_LIMIT = 2 * 1024**3
"""The largest file that is saved, in bytes."""

TOTAL_LIMIT = 8 * 1024**3
"""The most that is saved of all files together, in bytes."""

_CACHES = frozenset(
    {"__pycache__", ".ipynb_checkpoints", ".git", "node_modules", ".mypy_cache", ".pytest_cache"}
)
_SECRET_FILE = re.compile(
    r"\.env(\..+)?|\.netrc|\.pgpass|\.pypirc|\.npmrc|\.git-credentials|id_(rsa|dsa|ecdsa|ed25519)"
    r"|.*\.(pem|key|p12|pfx|keystore)|credentials(\.json)?|\.htpasswd",
    re.IGNORECASE,
)
_LINK_OUT = "it is a link to something outside the working directory"


class FileSaver:
    """Copies a working directory to ``<snapshot>/files``; ``skipped`` says what it left out."""

    def __init__(self, workdir: Path, snapshot: Path) -> None:
        self._workdir = workdir.resolve()
        self._snapshot = snapshot.resolve()
        self._total = 0
        self.files: list[FileEntry] = []
        self.skipped: list[SkippedFile] = []

    def save(self) -> None:
        """Copy every file that may be saved."""
        for path, relative in self._walk(self._workdir, ""):
            self._copy(path, relative)

    def _walk(self, directory: Path, prefix: str) -> Iterator[tuple[Path, str]]:
        try:
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError as error:
            self._skip(prefix.rstrip("/"), f"the directory cannot be read: {error.strerror}")
            return
        for entry in entries:
            relative = prefix + entry.name
            path = Path(entry.path)
            if not _is_unicode(relative):
                self._skip(relative, "its name is not valid UTF-8")
            elif entry.is_symlink():
                yield from self._link(path, relative)
            elif entry.is_dir(follow_symlinks=False):
                if path == self._snapshot:
                    continue
                if entry.name in _CACHES or (path / "pyvenv.cfg").exists():
                    self._skip(relative, "it is a cache, an environment or a repository")
                else:
                    yield from self._walk(path, relative + "/")
            else:
                yield path, relative

    def _link(self, path: Path, relative: str) -> Iterator[tuple[Path, str]]:
        target = Path(os.path.realpath(path))
        inside = target.is_relative_to(self._workdir)
        if not inside:
            self._skip(relative, _LINK_OUT)
        elif not target.is_file():
            self._skip(relative, "it is a link to a directory, or to nothing")
        else:
            yield target, relative

    def _copy(self, path: Path, relative: str) -> None:
        if _SECRET_FILE.fullmatch(os.path.basename(relative)) or _SECRET_FILE.fullmatch(path.name):
            self._skip(relative, "its name looks like a secret, and secrets are not saved")
            return
        try:
            # Not blocking: opening a pipe that no one writes to would wait for ever.
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            kind = os.lstat(path).st_mode
            if not stat.S_ISREG(kind):
                self._skip(relative, "it is not a regular file (a pipe, a socket or a device)")
                return
            descriptor = os.open(path, flags)
        except OSError as error:
            self._skip(relative, f"it cannot be read: {error.strerror}")
            return
        with open(descriptor, "rb") as source:
            status = os.fstat(source.fileno())
            if not stat.S_ISREG(status.st_mode):
                self._skip(relative, "it is not a regular file (a pipe, a socket or a device)")
            elif status.st_size > FILE_LIMIT:
                self._skip(relative, _too_large(status.st_size, "one file", FILE_LIMIT))
            elif self._total + status.st_size > TOTAL_LIMIT:
                self._skip(relative, _too_large(status.st_size, "all files", TOTAL_LIMIT))
            else:
                self._write(source, relative, stat.S_IMODE(status.st_mode))

    def _write(self, source: IO[bytes], relative: str, mode: int) -> None:
        target = self._snapshot / "files" / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as copy:
            shutil.copyfileobj(source, copy, 1024 * 1024)
            size = copy.tell()
        self._total += size
        self.files.append({"path": relative, "size": size, "mode": mode & 0o777})

    def _skip(self, relative: str, reason: str) -> None:
        shown = relative.encode("utf-8", "backslashreplace").decode("utf-8")
        self.skipped.append({"path": shown, "reason": reason})


def restore_files(
    files: list[FileEntry], snapshot: Path, workdir: Path, *, link: bool = False
) -> None:
    """Bring the files of a snapshot into ``workdir``, over those that are there.

    Each file appears as a whole or not at all. With ``link`` they are symbolic links to the
    snapshot, for a look that writes nothing. Raises `InvalidManifestError` for a path that would
    leave the working directory, also through a link that is there already, and `FileRestoreError`
    for a file that cannot be written.
    """
    root = Path(os.path.realpath(workdir))
    for entry in files:
        relative = safe_relative_path(entry["path"])
        target = root / relative
        source = snapshot / "files" / relative
        if not Path(os.path.realpath(target.parent)).is_relative_to(root):
            raise InvalidManifestError(f"the file {entry['path']} would be written outside")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _put(source, target, entry["mode"], link)
        except OSError as error:
            raise FileRestoreError(entry["path"], error) from error


def _put(source: Path, target: Path, mode: int, link: bool) -> None:
    unfinished = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
    try:
        if link:
            os.symlink(source.resolve(), unfinished)
        else:
            with open(source, "rb") as saved, open(unfinished, "xb") as copy:
                shutil.copyfileobj(saved, copy, 1024 * 1024)
            os.chmod(unfinished, mode & 0o777 | 0o600)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)


def _is_unicode(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\\" not in name


def _too_large(size: int, what: str, limit: int) -> str:
    mib = 1024 * 1024
    return f"it is {size / mib:.0f} MiB; the limit for {what} is {limit / mib:.0f} MiB"
