"""Loading a snapshot: files, imports and objects, each group by itself."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path
from typing import Any

from .buffers import BufferMaps
from .collector import collector_paused
from .errors import ObjectLoadError, SnapshotError
from .files import restore_files
from .imports import run_import
from .manifest import GroupEntry, Manifest, read_manifest
from .packages import installed_version, require_cloudpickle
from .reasons import text_of
from .unpickling import SnapshotUnpickler

Report = dict[str, Any]


def load(
    namespace: dict[str, Any],
    directory: str | os.PathLike[str],
    *,
    workdir: str | os.PathLike[str] | None = None,
    link_files: bool = False,
) -> list[Report]:
    """Merge a snapshot into ``namespace`` and its files into ``workdir`` (the current directory).

    Returns ``{"name", "verdict", "reason"?}`` for every name of the snapshot, in its order: the
    verdict of the manifest, or ``failed`` for what could not be restored; the others are there all
    the same. ``workdir`` is put on ``sys.path``, where modules of the snapshot's files are found.
    With ``link_files`` the files are links into the snapshot, for a look that writes nothing.

    Large arrays are mapped from ``directory``; it may be removed afterwards, but its files must not
    be changed. Raises `InvalidManifestError`, `CloudpickleMissingError`, `FileRestoreError`.
    """
    source = Path(os.path.abspath(directory))
    manifest = read_manifest(source)
    require_cloudpickle()
    place = Path(os.path.realpath(workdir if workdir is not None else os.getcwd()))
    restore_files(manifest["files"], source, place, link=link_files)
    _make_importable(place)
    return _Loading(namespace, source, place, manifest).run()


class _Loading:
    """The state of one load: which groups are there, which failed and why."""

    def __init__(
        self, namespace: dict[str, Any], directory: Path, workdir: Path, manifest: Manifest
    ) -> None:
        self._namespace = namespace
        self._directory = directory
        self._workdir = workdir
        self._manifest = manifest
        self._maps = BufferMaps(directory)
        self._group_of = {
            name: index for index, group in enumerate(manifest["groups"]) for name in group["names"]
        }
        self._begun: set[int] = set()
        self._restored: dict[str, Any] = {}
        self._failures: dict[str, str] = {}
        self._remarks: dict[str, str] = {}

    def run(self) -> list[Report]:
        for entry in self._manifest["imports"]:
            self._import(entry)
        with collector_paused():
            for index in range(len(self._manifest["groups"])):
                self._load_once(index)
        return [self._report(entry) for entry in self._manifest["objects"]]

    def _import(self, entry: Any) -> None:
        name = entry["name"]
        try:
            value, remark = run_import(entry)
        except Exception as error:
            # Importing runs the module's own code, which may raise anything.
            packages = [entry["package"]] if entry["package"] else []
            self._failures[name] = self._explain(error, packages)
            return
        self._namespace[name] = self._restored[name] = value
        if remark is not None:
            self._remarks[name] = remark

    def _load_once(self, index: int) -> None:
        if index in self._begun:
            return
        self._begun.add(index)
        group = self._manifest["groups"][index]
        try:
            self._check_python(group)
            objects = self._unpickle(group)
        except Exception as error:
            # Objects run their own code while they are restored, and that may raise anything.
            reason = self._explain(error, group["packages"])
            self._failures.update(dict.fromkeys(group["names"], reason))
            return
        self._restored.update(objects)
        self._namespace.update(objects)
        remark = self._version_remark(group["packages"])
        if remark is not None:
            self._remarks.update(dict.fromkeys(group["names"], remark))

    def _unpickle(self, group: GroupEntry) -> dict[str, Any]:
        buffers = map(self._maps.view, group["buffers"])
        with open(self._directory / group["file"], "rb") as file:
            unpickler = SnapshotUnpickler(
                file, buffers, self._namespace, self._workdir, self._definition
            )
            objects = unpickler.load()
        if not isinstance(objects, dict) or objects.keys() != set(group["names"]):
            raise ObjectLoadError(f"{group['file']} does not hold what the manifest says")
        return objects

    def _definition(self, name: str) -> Any:
        """Return a definition of the snapshot, loading the group that holds it if need be."""
        if name in self._group_of:
            self._load_once(self._group_of[name])
        if name in self._restored:
            return self._restored[name]
        cause = self._failures.get(name, "it is not in the snapshot")
        raise ObjectLoadError(f"it uses {name}, which is not there: {cause}")

    def _check_python(self, group: GroupEntry) -> None:
        saved, here = _minor(self._manifest["python"]), _minor(platform.python_version())
        if group["code"] and saved != here:
            raise ObjectLoadError(
                f"it holds functions or classes of the notebook, compiled by Python {saved}, and "
                f"this is Python {here}; run it with Python {saved}, or define them here again"
            )

    def _explain(self, error: Exception, packages: list[str]) -> str:
        wanted = self._manifest["packages"]
        absent = [package for package in packages if installed_version(package) is None]
        if absent and isinstance(error, ImportError):
            listed = " ".join(f"{package}=={wanted[package]}" for package in absent)
            return (
                f"{', '.join(absent)} is not installed here; install it for the Python that runs "
                f"sessions: python -m pip install {listed}"
            )
        text = text_of(error)
        if not isinstance(error, SnapshotError):
            text = f"{type(error).__name__}: {text}" if text else type(error).__name__
        remark = self._version_remark(packages)
        return f"{text} ({remark})" if remark is not None else text

    def _version_remark(self, packages: list[str]) -> str | None:
        different = []
        for package in packages:
            saved, here = self._manifest["packages"].get(package), installed_version(package)
            if package != "cloudpickle" and here is not None and saved not in (None, here):
                different.append(f"{package} {saved} (here {here})")
        return f"saved with {', '.join(different)}" if different else None

    def _report(self, entry: dict[str, Any]) -> Report:
        name = entry["name"]
        report: Report = {"name": name, "verdict": entry["verdict"]}
        if name in self._failures:
            return {"name": name, "verdict": "failed", "reason": self._failures[name]}
        reasons = [entry.get("reason"), self._remarks.get(name)]
        reason = "; ".join(reason for reason in reasons if reason)
        if reason:
            report["reason"] = reason
        return report


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _make_importable(workdir: Path) -> None:
    known = {os.path.realpath(entry or os.getcwd()) for entry in sys.path}
    if os.fspath(workdir) not in known:
        sys.path.insert(0, os.fspath(workdir))
    # The files may be younger than what the import system last saw of the directory.
    importlib.invalidate_caches()
