"""How arrays are saved: views keep sharing the memory of their array, pandas keeps its own.

pandas counts who shares a block (copy on write) and does not save that count. Restored over one
memory, a change to one data frame would show in another, so what belongs to pandas is saved apart.
"""

from __future__ import annotations

import functools
import pickle
import sys
from typing import Any, Callable

from . import rebuild

Reducer = Callable[[Any], Any]


class ApartArray:
    """Stands for an array under an identity of its own: restored, it shares memory with none."""

    def __init__(self, array: Any) -> None:
        self.array = array


def array_reducers() -> dict[type, Reducer]:
    """Return reducers by type (subclasses included) for the array libraries that are loaded."""
    reducers: dict[type, Reducer] = {}
    numpy = sys.modules.get("numpy")
    if numpy is None or not hasattr(numpy, "ndarray"):
        return reducers
    reducers[ApartArray] = lambda apart: _reduce_alone(apart.array)
    reducers[numpy.ndarray] = _reduce_array
    pandas, internals = sys.modules.get("pandas"), sys.modules.get("pandas._libs.internals")
    # A pandas whose import failed may have left some of its modules behind.
    if internals is not None and pandas is not None and hasattr(pandas, "Index"):
        managers = sys.modules.get("pandas.core.internals.managers")
        own_types = (
            getattr(internals, "Block", None) or getattr(internals, "SharedBlock", None),
            getattr(managers, "SingleBlockManager", None),
            pandas.Index,
        )
        for own_type in own_types:
            if own_type is not None:
                reducers[own_type] = _reduce_apart
    return reducers


def _reduce_alone(array: Any) -> Any:
    import numpy

    if not array.dtype.hasobject and not array.flags.forc:
        # Only contiguous memory goes out of band without being copied into the pickle.
        array = numpy.ascontiguousarray(array)
    if array.dtype.kind in "mM" and array.ndim > 0:
        # numpy does not lend out the memory of dates, only that of the numbers behind them.
        return rebuild.array_of_type, (ApartArray(array.view("i8")), array.dtype)
    return array.__reduce_ex__(pickle.HIGHEST_PROTOCOL)


def _owner(view: Any) -> Any | None:
    """Return the array whose memory a view shows, or None when it is its own."""
    kind = type(view)
    owner = None
    base = view.base
    while type(base) is kind:
        owner, base = base, base.base
    return owner


def _owner_references(view: Any) -> int:
    owner = _owner(view)
    return sys.getrefcount(owner)


@functools.lru_cache(maxsize=1)
def _count_when_alone() -> int:
    """Return what `_owner_references` says of an array that only one view refers to.

    Measured, since interpreters differ in which references of a running function they count.
    """
    import numpy

    return _owner_references(numpy.zeros(2)[1:])


def _reduce_array(array: Any) -> Any:
    import numpy

    if type(array) is not numpy.ndarray:
        return NotImplemented
    owner = _owner(array)
    if owner is None or not owner.flags.forc:
        return _reduce_alone(array)
    if _owner_references(array) <= _count_when_alone() + 1:
        # Only this view (and this function) knows the owner: a copy loses no sharing, and a small
        # view of a large array that is gone does not bring it back.
        return _reduce_alone(array)
    if array.dtype.hasobject and array.dtype != owner.dtype:
        return _reduce_alone(array)
    start = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    return rebuild.array_view, (
        owner,
        start,
        array.shape,
        array.strides,
        array.dtype,
        bool(array.flags.writeable),
    )


def _reduce_apart(holder: Any) -> Any:
    """Reduce an object of pandas with every array in its state saved apart."""
    reduced = holder.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    if isinstance(reduced, str):
        return reduced
    wrapped: dict[int, Any] = {}
    return tuple(_apart(part, wrapped) for part in reduced)


def _apart(part: Any, wrapped: dict[int, Any]) -> Any:
    import numpy
    import pandas

    kind = type(part)
    if kind in (tuple, list):
        return kind(_apart(item, wrapped) for item in part)
    if kind is dict:
        return {key: _apart(item, wrapped) for key, item in part.items()}
    if kind is numpy.ndarray:
        return wrapped.setdefault(id(part), ApartArray(part))
    if isinstance(part, pandas.api.extensions.ExtensionArray):
        if id(part) not in wrapped:
            wrapped[id(part)] = part.copy()
        return wrapped[id(part)]
    return part
