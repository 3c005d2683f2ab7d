"""The functions that saved objects name, called while a snapshot is loaded.

Their names and parameters are part of the snapshot's format: change them only with the format's
number. `function_over_namespace`, `named_definition` and `reopen_file` depend on where a snapshot
is loaded; the unpickler replaces them by its own (see ``unpickling.py``).
"""

from __future__ import annotations

import functools
import io
import linecache
import os
import queue
import threading
import types
import typing
import weakref
from typing import Any, Callable

from .errors import ObjectLoadError


def function_over_namespace(code: types.CodeType, cells: tuple | None) -> types.FunctionType:
    """Make a function of the notebook over the namespace that the snapshot is loaded into."""
    raise ObjectLoadError("a function of a snapshot can only be loaded as part of that snapshot")


def named_definition(name: str) -> Any:
    """Return the function or class that the snapshot holds under ``name``."""
    raise ObjectLoadError(f"{name} can only be loaded as part of its snapshot")


def reopen_file(path: str, inside: bool, how: dict[str, Any]) -> io.IOBase:
    """Open a file again; ``inside`` says that the path is relative to the working directory."""
    raise ObjectLoadError(f"{path} can only be reopened as part of its snapshot")


def make_cell() -> types.CellType:
    """Make an empty closure cell; the functions that share it fill it by `set_function_state`."""
    return types.CellType()


def set_function_state(function: types.FunctionType, state: tuple) -> None:
    """Give a rebuilt function its attributes, the contents of its cells, and its source."""
    attributes, slots, contents, source = state
    function.__dict__.update(attributes)
    for name, value in slots.items():
        setattr(function, name, value)
    for cell, content in zip(function.__closure__ or (), contents):
        if content:
            cell.cell_contents = content[0]
    if source is not None:
        _remember_source(*source)


def _remember_source(filename: str, first_line: int, text: str) -> None:
    """Put the lines of one function where tracebacks and ``inspect`` look for those of a cell."""
    entry: Any = linecache.cache.get(filename)
    lines = list(entry[2]) if entry is not None and len(entry) == 4 else []
    block = text.splitlines(keepends=True)
    lines += ["\n"] * (first_line - 1 + len(block) - len(lines))
    for number, line in enumerate(block, first_line - 1):
        if not lines[number].strip():
            lines[number] = line
    # Without a modification time, linecache never drops the entry (linecache.checkcache).
    linecache.cache[filename] = (sum(map(len, lines)), None, lines, filename)


def cached_function(function: Callable, maxsize: int | None, typed: bool) -> Callable:
    """Make a ``functools.lru_cache`` of a function again, with an empty cache."""
    return functools.lru_cache(maxsize=maxsize, typed=typed)(function)


def new_type(name: str, supertype: Any, module: str) -> Any:
    """Make a ``typing.NewType`` of the notebook again."""
    make: Callable[[str, Any], Any] = typing.NewType
    made = make(name, supertype)
    made.__module__ = module
    return made


def array_view(
    owner: Any, offset: int, shape: tuple, strides: tuple, dtype: Any, writeable: bool
) -> Any:
    """Make a view (numpy) over the memory of ``owner``; ``offset`` and ``strides`` are in bytes."""
    import numpy

    if dtype.hasobject:
        flat = owner.reshape(-1, order="A")[offset // dtype.itemsize :]
        view = numpy.lib.stride_tricks.as_strided(flat, shape, strides)
    else:
        # As bytes, since arrays of dates do not lend out their memory.
        memory = owner.reshape(-1, order="A").view("u1")
        view = numpy.ndarray(shape, dtype, memory, offset, strides)
    if not writeable:
        view.flags.writeable = False
    return view


def array_of_type(numbers: Any, dtype: Any) -> Any:
    """Return an array of dates or time spans (numpy) from the numbers that stand for them."""
    return numbers.view(dtype)


def lock() -> Any:
    """Make a new, unlocked lock."""
    return threading.Lock()


def reentrant_lock() -> Any:
    """Make a new, unlocked reentrant lock."""
    return threading.RLock()


def simple_queue() -> queue.SimpleQueue:
    """Make a new, empty queue."""
    return queue.SimpleQueue()


def weak_reference(target: Any) -> weakref.ref:
    """Make a weak reference to an object of the same snapshot."""
    return weakref.ref(target)


def dead_weak_reference() -> weakref.ref:
    """Make a weak reference whose object is gone."""

    class Gone:
        """What the reference used to hold."""

    return weakref.ref(Gone())


def open_unchanged(path: str, how: dict[str, Any]) -> io.IOBase:
    """Open ``path`` in its old mode without creating or emptying it, at its old position.

    Raises OSError when the file is not there.
    """

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags & ~(os.O_CREAT | os.O_TRUNC | os.O_EXCL))

    mode = how["mode"]
    text = {} if "b" in mode else {"encoding": how["encoding"], "errors": how["errors"]}
    # It stays open, for the name that held it.
    file = open(path, mode, buffering=how["buffering"], opener=opener, **text)  # noqa: SIM115
    if how["position"]:
        file.seek(how["position"])
    return file
