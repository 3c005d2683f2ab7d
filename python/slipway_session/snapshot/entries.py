"""What the manifest says of one object: its verdict, its type, and what a user should know."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Any

from .culprits import find_path
from .fingerprints import fingerprint
from .resources import LOCK_TYPES, RECREATED_TYPES

if TYPE_CHECKING:
    from .pickling import SnapshotPickler

Entry = dict[str, Any]


def object_entry(
    name: str, value: Any, verdict: str, reason: str | None = None, path: str | None = None
) -> Entry:
    """Describe an object that is not in a group (yet): imported or skipped."""
    entry: Entry = {
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


def saved_entry(
    name: str, value: Any, pickler: SnapshotPickler, *, group: int, size: int, absent: Set[str]
) -> Entry:
    """Describe an object that was saved.

    ``size`` is what its pickle and its buffers take in bytes, also when it shares them with others;
    ``absent`` are global names that its functions read and that the snapshot does not hold.
    """
    verdict, notes = "saved", []
    if any(file is value for file in pickler.resources.reopened):
        verdict = "reopened"
        if value.writable():
            notes.append("open for writing: goes on at its position, and the file is not emptied")
    elif isinstance(value, RECREATED_TYPES):
        verdict = "recreated"
        if isinstance(value, LOCK_TYPES):
            notes.append("comes back as a new, unlocked lock")
    else:
        notes += _resource_notes(name, value, pickler)
    if absent:
        notes.append(f"reads {', '.join(sorted(absent))}, not in this snapshot")
    content = None
    try:
        content = fingerprint(value)
    except Exception as error:
        # Looking at an object may run its own code. It is saved; only the comparison is lost.
        notes.append(f"cannot be compared after a restore ({type(error).__name__}: {error})")
    entry = object_entry(name, value, verdict, "; ".join(notes) or None)
    entry["group"], entry["size"] = group, size
    if content is not None:
        entry["fingerprint"] = content
    return entry


def type_name(value: Any) -> str:
    """Return the type of a value as users know it: ``sklearn.svm.SVC``, ``Iris``, ``list``."""
    kind = type(value)
    if kind.__module__ in ("builtins", "__main__"):
        return kind.__qualname__
    public = [part for part in kind.__module__.split(".") if not part.startswith("_")]
    return ".".join([*public, kind.__qualname__])


def _resource_notes(name: str, value: Any, pickler: SnapshotPickler) -> list[str]:
    notes = []
    recreated, reopened = pickler.resources.recreated, pickler.resources.reopened
    if recreated:
        path = find_path(name, value, recreated[0]) or "a lock or queue inside"
        notes.append(f"{path} is made anew, unlocked and empty")
    if reopened:
        path = find_path(name, value, reopened[0]) or "a file inside"
        notes.append(f"{path} is opened again at its position")
    return notes


def _shape(value: Any) -> list[int] | None:
    """Return the shape of an array or a table; of nothing else, as asking may run any code."""
    if type(value).__module__.partition(".")[0] not in ("numpy", "pandas", "scipy"):
        return None
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and all(isinstance(length, int) for length in shape):
        return list(shape)
    return None
