"""Saving a session: every name gets a verdict, and none of them spoils another."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .buffers import BufferWriter
from .collector import collector_paused
from .culprits import find_path
from .dependencies import CodeNeeds, code_needs
from .errors import CloudpickleMissingError, SnapshotDirectoryError, UnknownNamesError
from .files import FileSaver
from .fingerprints import fingerprint
from .grouping import ShareFinder
from .imports import import_entry
from .manifest import GroupEntry, Manifest, new_manifest, write_manifest
from .packages import distribution_versions
from .resources import LOCK_TYPES, RECREATED_TYPES, reason_for
from .selection import BUILTIN_NAMES, SecretFilter, as_import, is_user_name

if TYPE_CHECKING:
    from .pickling import Context, SnapshotPickler


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
    saving = _Saving(namespace, target, place, files)
    excluded = frozenset(exclude)
    if code is not None:
        saving.select_for_code(code_needs(code, excluded), excluded)
    elif names is not None:
        saving.select_names(list(dict.fromkeys(names)))
    else:
        saving.select_all(excluded)
    with collector_paused(), _by_value_modules(place, active=not files):
        saving.pickle_names()
        saving.write_groups()
    return saving.finish()


def require_cloudpickle() -> None:
    """Raise `CloudpickleMissingError` when the interpreter has no cloudpickle."""
    try:
        import cloudpickle
    except ImportError as error:
        raise CloudpickleMissingError from error
    del cloudpickle


@dataclass
class _Pickled:
    """A name pickled by itself; its pickler stays, since its memo keeps the objects alive."""

    pickler: SnapshotPickler
    file: str
    size: int


class _Saving:
    """The state of one save, from the choice of names to the manifest."""

    def __init__(
        self, namespace: dict[str, Any], directory: Path, workdir: Path, files: bool
    ) -> None:
        self._namespace = namespace
        self._directory = directory
        self._workdir = workdir
        self._files = files
        self._user_names = [name for name, value in namespace.items() if is_user_name(name, value)]
        self._queue: list[str] = []
        self._follow = False
        self._needs = CodeNeeds()
        self._excluded: frozenset[str] = frozenset()
        self._manifest = new_manifest()
        self._entries: dict[str, dict[str, Any]] = {}
        self._pickled: dict[str, _Pickled] = {}
        self._skipped: dict[str, str] = {}
        self._imported: dict[str, tuple[str, str | None]] = {}
        self._missing: set[str] = set()
        self._modules: set[str] = set()
        self._numbered = 0

    def select_all(self, excluded: frozenset[str]) -> None:
        """Save all names of the user."""
        self._queue = [name for name in self._user_names if name not in excluded]

    def select_names(self, names: list[str]) -> None:
        """Save only these names."""
        unknown = [name for name in names if name not in self._namespace]
        if unknown:
            raise UnknownNamesError(unknown)
        self._user_names = names
        self._queue = list(names)

    def select_for_code(self, needs: CodeNeeds, excluded: frozenset[str]) -> None:
        """Save what a code needs; more is added as functions are found to need it."""
        self._follow = True
        self._needs = needs
        self._excluded = excluded
        self._require(needs.names, bound=needs.stored)

    def _require(self, names: Iterable[str], *, bound: set[str]) -> None:
        """Add names to what is saved; of those that do not exist, ``bound`` are not missed."""
        known = set(self._user_names)
        for name in sorted(names):
            if name in self._excluded or name in self._queue:
                continue
            if name in known:
                self._queue.append(name)
            elif name not in bound and name not in BUILTIN_NAMES:
                self._missing.add(name)

    def pickle_names(self) -> None:
        """Give each chosen name a verdict, pickling those that are not imported by themselves."""
        from .pickling import Context

        secrets = SecretFilter()
        context = Context(self._namespace, self._definitions(), self._workdir)
        self._finder = ShareFinder()
        self._context = context
        for directory in ("objects", "buffers"):
            (self._directory / directory).mkdir()
        # Grows while functions are found to need more names.
        for name in self._queue:
            value = self._namespace[name]
            refusal = secrets.reason(name, value)
            if value is self._namespace:
                refusal = "it is the workspace itself, whose names are saved one by one"
            if refusal is not None:
                self._skip(name, value, refusal)
                continue
            imported = self._as_import(value)
            if imported is not None:
                self._imported[name] = imported
                self._entries[name] = self._entry(name, value, "import")
            else:
                self._pickle(name, value, context)
        self._skip_dependents()

    def _definitions(self) -> dict[int, str]:
        """Map the functions and classes that the notebook defines to the names they have."""
        found: dict[int, str] = {}
        for name in self._user_names:
            value = self._namespace[name]
            if name in self._excluded:
                continue
            if not isinstance(value, (FunctionType, type)) or self._as_import(value) is not None:
                continue
            if id(value) not in found or value.__name__ == name:
                found[id(value)] = name
        return found

    def _as_import(self, value: Any) -> tuple[str, str | None] | None:
        found = as_import(value, self._namespace)
        if found is None or self._files or not _is_local(found[0], self._workdir):
            return found
        return None

    def _pickle(self, name: str, value: Any, context: Context) -> None:
        pickler, file, error = self._dump({name: value}, context, {name})
        if error is not None:
            culprit = getattr(error, "culprit", None)
            culprit = pickler.last if culprit is None else culprit
            path = find_path(name, value, culprit)
            self._skip(name, value, reason_for(culprit, error), path)
            return
        size = (self._directory / file).stat().st_size
        size += sum(buffer.nbytes for buffer in pickler.buffers)
        self._pickled[name] = _Pickled(pickler, file, size)
        self._finder.add(name, pickler.memo.copy(), pickler.by_value)
        if self._follow:
            self._needs.stored |= pickler.global_stores
            bound = self._needs.assigned | self._needs.stored
            self._require(pickler.global_names | pickler.references, bound=bound)
            self._needs.attributes |= pickler.mentioned

    def _dump(
        self, objects: dict[str, Any], context: Context, own_names: set[str]
    ) -> tuple[SnapshotPickler, str, Exception | None]:
        from .pickling import SnapshotPickler

        path = f"objects/{self._numbered}.pickle"
        self._numbered += 1
        with open(self._directory / path, "xb") as file:
            pickler = SnapshotPickler(file, context, own_names)
            try:
                pickler.dump(objects)
                return pickler, path, None
            except OSError as error:
                if error.errno is not None and error.filename is None and _disk_is_full(error):
                    raise
                failure: Exception = error
            except Exception as error:
                # Objects run their own code while they are saved, and that may raise anything.
                failure = error
        (self._directory / path).unlink()
        return pickler, path, failure

    def _skip_dependents(self) -> None:
        """Skip what cannot come back because a definition that it uses does not."""
        found = True
        while found:
            found = False
            for name, pickled in list(self._pickled.items()):
                lost = sorted(pickled.pickler.references & self._skipped.keys())
                if lost:
                    found = True
                    value = self._namespace[name]
                    reason = f"it uses {lost[0]}, which is not saved: {self._skipped[lost[0]]}"
                    path = self._entries[lost[0]].get("path", lost[0])
                    (self._directory / pickled.file).unlink()
                    del self._pickled[name]
                    self._skip(name, value, reason, path)

    def write_groups(self) -> None:
        """Write the groups of names that share objects, and the buffers of each."""
        references = {name: pickled.pickler.references for name, pickled in self._pickled.items()}
        writer = BufferWriter(self._directory)
        for group in self._finder.groups(references):
            names = [name for name in group if name in self._pickled]
            if len(names) > 1:
                self._write_shared(names, writer)
            elif names:
                pickled = self._pickled[names[0]]
                self._write_group(names, pickled.pickler, pickled.file, writer)

    def _write_shared(self, names: list[str], writer: BufferWriter) -> None:
        objects = {name: self._namespace[name] for name in names}
        pickler, file, error = self._dump(objects, self._context, set(names))
        for name in names:
            (self._directory / self._pickled[name].file).unlink()
        if error is None:
            self._write_group(names, pickler, file, writer)
            return
        together = ", ".join(names)
        for name in names:
            reason = f"saving {together} together failed: {reason_for(pickler.last, error)}"
            self._skip(name, self._namespace[name], reason)
            del self._pickled[name]

    def _write_group(
        self, names: list[str], pickler: SnapshotPickler, file: str, writer: BufferWriter
    ) -> None:
        number = len(self._manifest["groups"])
        packages = distribution_versions(pickler.modules)
        self._manifest["packages"].update(packages)
        group: GroupEntry = {
            "names": names,
            "file": file,
            "buffers": writer.write(pickler.buffers),
            "packages": sorted(packages),
            "code": pickler.has_code,
        }
        self._manifest["groups"].append(group)
        for name in names:
            self._entries[name] = self._saved_entry(name, number)

    def _saved_entry(self, name: str, group: int) -> dict[str, Any]:
        value, pickled = self._namespace[name], self._pickled[name]
        resources = pickled.pickler.resources
        verdict, reason = "saved", None
        if any(file is value for file in resources.reopened):
            verdict = "reopened"
            if value.writable():
                reason = "open for writing: goes on at its position, and the file is not emptied"
        elif isinstance(value, RECREATED_TYPES):
            verdict = "recreated"
            if isinstance(value, LOCK_TYPES):
                reason = "comes back as a new, unlocked lock"
        else:
            reason = self._note(name, value, pickled.pickler)
        entry = self._entry(name, value, verdict, reason)
        entry["group"] = group
        entry["size"] = pickled.size
        try:
            entry["fingerprint"] = fingerprint(value)
        except Exception as error:
            # Looking at an object may run its own code. It is saved; only the comparison is lost.
            remark = f"its content cannot be compared after a restore ({type(error).__name__})"
            entry["reason"] = f"{reason}; {remark}" if reason else remark
        return entry

    def _note(self, name: str, value: Any, pickler: SnapshotPickler) -> str | None:
        """Say what a user should know about a name that was saved, or None."""
        notes = []
        resources = pickler.resources
        if resources.recreated:
            path = find_path(name, value, resources.recreated[0]) or "a lock or queue inside"
            notes.append(f"{path} is made anew, unlocked and empty")
        if resources.reopened:
            path = find_path(name, value, resources.reopened[0]) or "a file inside"
            notes.append(f"{path} is opened again at its position")
        if pickler.global_names and not self._follow:
            chosen = self._entries.keys() | self._pickled.keys()
            absent = sorted(
                read
                for read in pickler.global_names - chosen
                if read in self._namespace and read not in BUILTIN_NAMES
            )
            if absent:
                notes.append(f"reads {', '.join(absent)}, not in this snapshot")
        return "; ".join(notes) or None

    def finish(self) -> Manifest:
        """Copy the files and write the manifest."""
        manifest = self._manifest
        mentioned = self._needs.attributes if self._follow else None
        for name, (module, attribute) in self._imported.items():
            entry = import_entry(name, module, attribute, mentioned)
            manifest["imports"].append(entry)
            manifest["packages"].update(distribution_versions([module.partition(".")[0]]))
        manifest["objects"] = [self._entries[name] for name in self._queue]
        manifest["missing"] = sorted(self._missing)
        if self._files:
            saver = FileSaver(self._workdir, self._directory)
            saver.save()
            manifest["files"], manifest["skippedFiles"] = saver.files, saver.skipped
        write_manifest(manifest, self._directory)
        return manifest

    def _skip(self, name: str, value: Any, reason: str, path: str | None = None) -> None:
        self._skipped[name] = reason
        self._entries[name] = self._entry(name, value, "skipped", reason, path)

    def _entry(
        self,
        name: str,
        value: Any,
        verdict: str,
        reason: str | None = None,
        path: str | None = None,
    ) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "name": name,
            "verdict": verdict,
            "type": type_name(value),
            "size": 0,
            "group": None,
        }
        if reason is not None:
            entry["reason"] = reason
        if path is not None:
            entry["path"] = path
        shape = _shape(value)
        if shape is not None:
            entry["shape"] = shape
        return entry


def type_name(value: Any) -> str:
    """Return the type of a value as users know it: ``sklearn.svm.SVC``, ``Iris``, ``list``."""
    kind = type(value)
    if kind.__module__ in ("builtins", "__main__"):
        return kind.__qualname__
    public = [part for part in kind.__module__.split(".") if not part.startswith("_")]
    return ".".join([*public, kind.__qualname__])


def _shape(value: Any) -> list[int] | None:
    """Return the shape of an array or a table; of nothing else, as asking may run any code."""
    if type(value).__module__.partition(".")[0] not in ("numpy", "pandas", "scipy"):
        return None
    shape = getattr(value, "shape", None)
    is_shape = isinstance(shape, tuple) and all(isinstance(length, int) for length in shape)
    return list(shape) if is_shape and shape is not None else None


def _empty_directory(directory: str | os.PathLike[str]) -> Path:
    path = Path(os.path.abspath(directory))
    if not path.is_dir():
        raise SnapshotDirectoryError(f"{path} is not a directory; make it before saving into it")
    if any(path.iterdir()):
        raise SnapshotDirectoryError(f"{path} is not empty; save into a new directory")
    return path


def _is_local(module_name: str, workdir: Path) -> bool:
    import sys

    file = getattr(sys.modules.get(module_name), "__file__", None)
    if not isinstance(file, str):
        return False
    path = Path(os.path.realpath(file))
    return path.is_relative_to(workdir) and "site-packages" not in path.parts


@contextmanager
def _by_value_modules(workdir: Path, *, active: bool) -> Iterator[None]:
    """Let cloudpickle save modules of the working directory by value while no files come along."""
    import sys

    import cloudpickle

    registered = cloudpickle.list_registry_pickle_by_value()
    local = [
        module
        for name, module in list(sys.modules.items())
        if active and name != "__main__" and name not in registered and _is_local(name, workdir)
    ]
    for module in local:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in local:
            cloudpickle.unregister_pickle_by_value(module)


def _disk_is_full(error: OSError) -> bool:
    import errno

    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
