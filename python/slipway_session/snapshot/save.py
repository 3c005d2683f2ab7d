"""Saving a session: every name gets a verdict, and none of them spoils another."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .buffers import BufferWriter
from .choice import Choice
from .collector import collector_paused
from .culprits import find_path
from .entries import Entry, object_entry, saved_entry
from .errors import SnapshotDirectoryError
from .files import FileSaver
from .grouping import ShareFinder
from .imports import import_entry
from .local_modules import is_local, local_modules_by_value
from .manifest import GroupEntry, Manifest, new_manifest, write_manifest
from .packages import distribution_versions, require_cloudpickle
from .resources import reason_for
from .selection import SecretFilter, as_import

if TYPE_CHECKING:
    from .pickling import Context, SnapshotPickler

# Of these the disk is to blame, and not the object that was being written.
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG})


def save(
    namespace: dict[str, Any],
    directory: str | os.PathLike[str],
    *,
    names: Iterable[str] | None = None,
    code: str | None = None,
    exclude: Iterable[str] = (),
    files: bool = True,
    workdir: str | os.PathLike[str] | None = None,
) -> Manifest:
    """Save a namespace and its working directory into ``directory``, and return the manifest.

    ``directory`` exists and is empty; the manifest is written last, so a directory without one is
    an unfinished snapshot. ``names`` saves only these names; ``code`` saves only what that code
    needs, followed through the global names of functions and classes, ``exclude`` being names that
    are bound when it starts (declared inputs). With neither, all names of the user are saved.
    ``files`` brings the files of ``workdir`` (the current directory) along.

    What could not be saved is in the manifest under ``objects`` with the verdict ``skipped``, a
    ``reason``, and the ``path`` to the part that is to blame. Raises `CloudpickleMissingError`,
    `UnknownNamesError`, `CodeSyntaxError`, `SnapshotDirectoryError`, and OSError of a full disk.
    """
    require_cloudpickle()
    target = _empty_directory(directory)
    place = Path(os.path.realpath(workdir if workdir is not None else os.getcwd()))
    excluded = frozenset(exclude)
    if code is not None:
        choice = Choice.for_code(namespace, code, excluded)
    elif names is not None:
        choice = Choice.these(namespace, names, excluded)
    else:
        choice = Choice.all(namespace, excluded)
    saving = _Saving(namespace, choice, target, place, files)
    with collector_paused(), nullcontext() if files else local_modules_by_value(place):
        saving.pickle_names()
        saving.write_groups()
    return saving.finish()


@dataclass
class _Pickled:
    """A name pickled by itself; its pickler stays, since its memo keeps the objects alive."""

    pickler: SnapshotPickler
    file: str
    size: int


class _Saving:
    """The state of one save, from the chosen names to the manifest."""

    def __init__(
        self,
        namespace: dict[str, Any],
        choice: Choice,
        directory: Path,
        workdir: Path,
        files: bool,
    ) -> None:
        from .pickling import Context

        self._namespace = namespace
        self._choice = choice
        self._directory = directory
        self._workdir = workdir
        self._files = files
        self._context: Context = Context(namespace, self._definitions(), workdir)
        self._sharing = ShareFinder()
        self._manifest = new_manifest()
        self._entries: dict[str, Entry] = {}
        self._pickled: dict[str, _Pickled] = {}
        self._skipped: dict[str, str] = {}
        self._imported: dict[str, tuple[str, str | None]] = {}
        self._dumps = 0

    def pickle_names(self) -> None:
        """Give each name a verdict, pickling by itself what is neither skipped nor imported."""
        secrets = SecretFilter()
        for directory in ("objects", "buffers"):
            (self._directory / directory).mkdir()
        for name in self._choice:
            value = self._namespace[name]
            refusal = secrets.reason(name, value)
            if value is self._namespace:
                refusal = "it is the workspace itself, whose names are saved one by one"
            imported = self._as_import(value) if refusal is None else None
            if refusal is not None:
                self._skip(name, refusal)
            elif imported is not None:
                self._imported[name] = imported
                self._entries[name] = object_entry(name, value, "import")
            else:
                self._pickle(name, value)
        self._skip_dependents()

    def write_groups(self) -> None:
        """Write the groups of names that share objects, and the buffers of each."""
        references = {name: pickled.pickler.references for name, pickled in self._pickled.items()}
        writer = BufferWriter(self._directory)
        for group in self._sharing.groups(references):
            names = [name for name in group if name in self._pickled]
            if len(names) > 1:
                self._write_shared(names, writer)
            elif names:
                pickled = self._pickled[names[0]]
                self._write_group(names, pickled.pickler, pickled.file, writer)

    def finish(self) -> Manifest:
        """Copy the files and write the manifest."""
        manifest = self._manifest
        for name, (module, attribute) in self._imported.items():
            entry = import_entry(name, module, attribute, self._choice.attributes)
            manifest["imports"].append(entry)
            manifest["packages"].update(distribution_versions([module.partition(".")[0]]))
        manifest["objects"] = [self._entries[name] for name in self._choice]
        manifest["missing"] = sorted(self._choice.missing)
        if self._files:
            saver = FileSaver(self._workdir, self._directory)
            saver.save()
            manifest["files"], manifest["skippedFiles"] = saver.files, saver.skipped
        write_manifest(manifest, self._directory)
        return manifest

    def _definitions(self) -> dict[int, str]:
        """Map the functions and classes that the notebook defines to the names they have."""
        found: dict[int, str] = {}
        for name, value in self._choice.definitions(self._namespace):
            if self._as_import(value) is None and (
                id(value) not in found or value.__name__ == name
            ):
                found[id(value)] = name
        return found

    def _as_import(self, value: Any) -> tuple[str, str | None] | None:
        found = as_import(value, self._namespace)
        if found is None or self._files or not is_local(found[0], self._workdir):
            return found
        return None

    def _pickle(self, name: str, value: Any) -> None:
        pickler, file, error = self._dump([name])
        if error is not None:
            culprit = getattr(error, "culprit", None)
            culprit = pickler.last if culprit is None else culprit
            self._skip(name, reason_for(culprit, error), find_path(name, value, culprit))
            return
        size = (self._directory / file).stat().st_size
        size += sum(buffer.nbytes for buffer in pickler.buffers)
        self._pickled[name] = _Pickled(pickler, file, size)
        self._sharing.add(name, pickler.memo.copy(), pickler.by_value)
        if self._choice.attributes is not None:
            needed = pickler.global_names | pickler.references
            self._choice.require(needed, stores=pickler.global_stores)
            self._choice.attributes |= pickler.mentioned

    def _dump(self, names: list[str]) -> tuple[SnapshotPickler, str, Exception | None]:
        """Pickle names together into a file of their own; on failure the file is gone again."""
        from .pickling import SnapshotPickler

        path = f"objects/{self._dumps}.pickle"
        self._dumps += 1
        failure: Exception | None = None
        with open(self._directory / path, "xb") as file:
            pickler = SnapshotPickler(file, self._context, set(names))
            try:
                pickler.dump({name: self._namespace[name] for name in names})
            except Exception as error:
                # Objects run their own code while they are saved, and that may raise anything.
                if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
                    raise
                failure = error
        if failure is not None:
            (self._directory / path).unlink()
        return pickler, path, failure

    def _skip_dependents(self) -> None:
        """Skip what cannot come back because a definition that it uses does not."""
        found = True
        while found:
            found = False
            for name, pickled in list(self._pickled.items()):
                lost = min(pickled.pickler.references & self._skipped.keys(), default=None)
                if lost is not None:
                    found = True
                    (self._directory / pickled.file).unlink()
                    del self._pickled[name]
                    reason = f"it uses {lost}, which is not saved: {self._skipped[lost]}"
                    self._skip(name, reason, self._entries[lost].get("path", lost))

    def _write_shared(self, names: list[str], writer: BufferWriter) -> None:
        pickler, file, error = self._dump(names)
        for name in names:
            (self._directory / self._pickled[name].file).unlink()
        if error is None:
            self._write_group(names, pickler, file, writer)
            return
        reason = reason_for(pickler.last, error)
        for name in names:
            del self._pickled[name]
            self._skip(name, f"saving {', '.join(names)} together failed: {reason}")

    def _write_group(
        self, names: list[str], pickler: SnapshotPickler, file: str, writer: BufferWriter
    ) -> None:
        packages = distribution_versions(pickler.modules)
        self._manifest["packages"].update(packages)
        group: GroupEntry = {
            "names": names,
            "file": file,
            "buffers": writer.write(pickler.buffers),
            "packages": sorted(packages),
            "code": pickler.has_code,
        }
        number = len(self._manifest["groups"])
        self._manifest["groups"].append(group)
        for name in names:
            pickled = self._pickled[name]
            self._entries[name] = saved_entry(
                name,
                self._namespace[name],
                pickled.pickler,
                group=number,
                size=pickled.size,
                absent=self._absent(pickled.pickler),
            )

    def _absent(self, pickler: SnapshotPickler) -> set[str]:
        """Return the global names that functions of a pickle read and that are not taken."""
        if self._choice.follows or not pickler.global_names:
            return set()
        taken = set(self._choice)
        return {name for name in pickler.global_names - taken if name in self._namespace}

    def _skip(self, name: str, reason: str, path: str | None = None) -> None:
        self._skipped[name] = reason
        self._entries[name] = object_entry(name, self._namespace[name], "skipped", reason, path)


def _empty_directory(directory: str | os.PathLike[str]) -> Path:
    path = Path(os.path.abspath(directory))
    if not path.is_dir():
        raise SnapshotDirectoryError(f"{path} is not a directory; make it before saving into it")
    if any(path.iterdir()):
        raise SnapshotDirectoryError(f"{path} is not empty; save into a new directory")
    return path
