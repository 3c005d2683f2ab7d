"""The manifest of a snapshot: what is in the directory, and what became of every name.

Layout of the directory::

    manifest.json
    objects/<n>.pickle      one for each group of names that share objects
    buffers/<n>             large buffers of the groups
    files/<relative path>   the working directory

A manifest comes from storage: it is checked before anything in it is used.
"""

from __future__ import annotations

import json
import os
import platform
import re
import stat
import sys
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import Any, TypedDict

from .errors import InvalidManifestError

FORMAT = 1
MANIFEST_FILE = "manifest.json"

_OBJECT_FILE = re.compile(r"objects/\d{1,9}\.pickle")
_BUFFER_FILE = re.compile(r"buffers/\d{1,9}")
_VERDICTS = frozenset({"saved", "import", "reopened", "recreated", "skipped"})


class BufferEntry(TypedDict):
    """Where one buffer is: bytes ``offset`` to ``offset + size`` of ``file``."""

    file: str
    offset: int
    size: int


class GroupEntry(TypedDict):
    """Names saved together. ``code`` tells that notebook code is inside, bound to this Python."""

    names: list[str]
    file: str
    buffers: list[BufferEntry]
    packages: list[str]
    code: bool


class ImportEntry(TypedDict):
    """A name that comes back by importing ``module`` (and taking ``attribute`` of it).

    ``submodules`` are imported too: the session had them loaded, as ``import a.b`` does for ``a``.
    ``package`` is the distribution to install where the import fails.
    """

    name: str
    module: str
    attribute: str | None
    submodules: list[str]
    package: str | None


class FileEntry(TypedDict):
    """A file of the working directory; ``size`` in bytes, ``mode`` the permission bits."""

    path: str
    size: int
    mode: int


class SkippedFile(TypedDict):
    """A file that was left out."""

    path: str
    reason: str


Manifest = dict[str, Any]


def new_manifest() -> Manifest:
    """Return a manifest of this interpreter with nothing in it yet."""
    return {
        "format": FORMAT,
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "packages": {},
        "createdAt": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "objects": [],
        "groups": [],
        "imports": [],
        "missing": [],
        "files": [],
        "skippedFiles": [],
    }


def write_manifest(manifest: Manifest, directory: Path) -> None:
    """Write the manifest so that it is there as a whole or not at all."""
    unfinished = directory / (MANIFEST_FILE + ".part")
    unfinished.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    os.replace(unfinished, directory / MANIFEST_FILE)


def read_manifest(directory: Path) -> Manifest:
    """Read and check the manifest of a snapshot.

    Every file that it names is inside the directory and a regular file, reached through no link.
    Raises `InvalidManifestError`.
    """
    try:
        manifest = json.loads((directory / MANIFEST_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InvalidManifestError(f"{directory} holds no {MANIFEST_FILE}") from error
    except (ValueError, UnicodeError) as error:
        raise InvalidManifestError(f"{MANIFEST_FILE} is not JSON: {error}") from error
    try:
        _check(manifest)
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidManifestError(
            f"{MANIFEST_FILE} lacks a part or holds one of a wrong kind ({error})"
        ) from error
    for path in sorted(_paths(manifest)):
        _check_file(directory, path)
    return manifest


def safe_relative_path(path: Any) -> PurePosixPath:
    """Return a path of a snapshot as one that cannot leave the directory it is joined to.

    Raises `InvalidManifestError` for absolute paths, ``..``, and what other systems read as those.
    """
    if not isinstance(path, str) or not path or "\0" in path or "\\" in path:
        raise InvalidManifestError(f"{path!r} is not a usable file path")
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or re.match(r"[A-Za-z]:", path):
        raise InvalidManifestError(f"the file path {path!r} leaves the snapshot")
    return PurePosixPath(path)


def _check(manifest: Any) -> None:
    if manifest["format"] != FORMAT:
        raise InvalidManifestError(
            f"its format is {manifest['format']!r}, and this version reads format {FORMAT}"
        )
    _demand(isinstance(manifest["python"], str), "python")
    _demand(isinstance(manifest["packages"], dict), "packages")
    for package, version in manifest["packages"].items():
        _demand(isinstance(package, str) and isinstance(version, str), "packages")
    for entry in manifest["objects"]:
        _demand(isinstance(entry["name"], str) and entry["verdict"] in _VERDICTS, "objects")
    for group in manifest["groups"]:
        _demand(all(isinstance(name, str) for name in group["names"]), "groups")
        _demand(_OBJECT_FILE.fullmatch(group["file"]) is not None, "groups")
        _demand(isinstance(group["code"], bool), "groups")
        _demand(all(isinstance(package, str) for package in group["packages"]), "groups")
        for buffer in group["buffers"]:
            _demand(_BUFFER_FILE.fullmatch(buffer["file"]) is not None, "buffers")
            _demand(_is_size(buffer["offset"]) and _is_size(buffer["size"]), "buffers")
    for entry in manifest["imports"]:
        _demand(isinstance(entry["name"], str), "imports")
        modules = [entry["module"], *entry["submodules"]]
        _demand(all(_is_dotted_name(module) for module in modules), "imports")
        attribute = entry["attribute"]
        _demand(attribute is None or _is_dotted_name(attribute), "imports")
        _demand(entry["package"] is None or isinstance(entry["package"], str), "imports")
    for file in manifest["files"]:
        safe_relative_path(file["path"])
        _demand(_is_size(file["size"]) and _is_size(file["mode"]), "files")


def _demand(holds: bool, part: str) -> None:
    if not holds:
        raise InvalidManifestError(f"the part {part!r} of {MANIFEST_FILE} is damaged")


def _is_size(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_dotted_name(value: Any) -> bool:
    return isinstance(value, str) and all(part.isidentifier() for part in value.split("."))


def _paths(manifest: Manifest) -> set[str]:
    paths = {group["file"] for group in manifest["groups"]}
    paths.update(buffer["file"] for group in manifest["groups"] for buffer in group["buffers"])
    paths.update("files/" + file["path"] for file in manifest["files"])
    return paths


def _check_file(directory: Path, path: str) -> None:
    place = directory
    *parents, _ = PurePosixPath(path).parts
    for part in parents:
        place = place / part
        if place.is_symlink():
            raise InvalidManifestError(f"{path} is reached through a link")
    try:
        mode = os.lstat(directory / path).st_mode
    except OSError as error:
        raise InvalidManifestError(f"{path} is missing") from error
    if not stat.S_ISREG(mode):
        raise InvalidManifestError(f"{path} is not a regular file")
