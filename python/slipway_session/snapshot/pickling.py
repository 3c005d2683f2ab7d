"""The pickler of snapshots: definitions of the notebook by value, over the live namespace.

cloudpickle does the larger part. What differs: functions of the notebook take their globals from
the namespace that they are restored into instead of a copy, so that ``k = 100`` still changes a
``g()`` that reads ``k``; functions and classes that have a name of their own are saved once and
referred to by that name; cells shared by closures stay shared; buffers leave the pickle.
"""

from __future__ import annotations

import functools
import inspect
import linecache
import pickle
import types
import typing
from pathlib import Path
from typing import IO, Any, Callable

import cloudpickle

from . import rebuild
from .arrays import array_reducers
from .dependencies import function_globals, mentioned_names, stored_globals
from .resources import Resources

OUT_OF_BAND_BYTES = 64 * 1024
"""Buffers of this size and more go to files of their own, to be mapped instead of read."""


class Context:
    """What the picklers of one save share.

    ``definitions`` maps the identity of each function and class that the namespace defines to the
    name that it is saved under.
    """

    def __init__(
        self, namespace: dict[str, Any], definitions: dict[int, str], workdir: Path
    ) -> None:
        self.namespace = namespace
        self.definitions = definitions
        self.workdir = workdir
        self.array_reducers = array_reducers()


def _source(code: types.CodeType) -> tuple[str, int, str] | None:
    """Return the file name, first line and text of a function that was defined in a cell.

    Cells exist nowhere but in `linecache`. Only the function's own lines are taken: what else is in
    its cell may be secret. A lambda shares its line with other code and has none.
    """
    entry: Any = linecache.cache.get(code.co_filename)
    if entry is None or len(entry) != 4 or entry[1] is not None or code.co_name == "<lambda>":
        return None
    first = code.co_firstlineno
    block = inspect.getblock(entry[2][first - 1 :])
    return code.co_filename, first, "".join(block)


class _Reducers(dict):
    """Reducers by exact type, found once through the type's bases and then remembered."""

    def __init__(self, by_base: dict[type, Callable[[Any], Any]]) -> None:
        super().__init__()
        self._by_base = by_base

    def __missing__(self, kind: type) -> Callable[[Any], Any] | None:
        found = None
        for base in kind.__mro__:
            if base in self._by_base:
                found = self._by_base[base]
                break
        self[kind] = found
        return found


class SnapshotPickler(cloudpickle.Pickler):
    """Pickles the objects of one group of names into ``file``.

    After `dump` it knows what it met: ``references`` (names of definitions in other groups),
    ``global_names``, ``global_stores`` and ``mentioned`` (the globals that its functions read and
    bind, and all names in their code), ``modules`` (top-level modules it refers to), ``buffers``
    (out of band, in order), ``by_value`` (identities of the functions and classes inside),
    ``resources``; after a failure, ``last`` is the object that was being reduced.
    """

    def __init__(self, file: IO[bytes], context: Context, own_names: set[str]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL, buffer_callback=self._take_buffer)
        self._context = context
        self._own_names = own_names
        self.references: set[str] = set()
        self.global_names: set[str] = set()
        self.global_stores: set[str] = set()
        self.mentioned: set[str] = set()
        self.modules: set[str] = set()
        self.buffers: list[memoryview] = []
        self.by_value: set[int] = set()
        self.resources = Resources(context.workdir)
        self.last: Any = None
        self._function_cells: set[int] = set()
        self._reducers = _Reducers(
            {
                **context.array_reducers,
                **self.resources.reducers(),
                types.CellType: self._reduce_cell,
                types.MethodType: _reduce_method,
                types.BuiltinFunctionType: self._note_builtin,
                functools._lru_cache_wrapper: _reduce_cached_function,
                **_NEW_TYPE_REDUCERS,
            }
        )

    @property
    def has_code(self) -> bool:
        """Whether bytecode is inside, which only the same minor version of Python can run."""
        return bool(self.by_value)

    def reducer_override(self, obj: Any) -> Any:
        """Decide how an object is saved; called by pickle for all but the plainest types."""
        self.last = obj
        kind = type(obj)
        if kind is types.FunctionType or issubclass(kind, type):
            return self._reduce_definition(obj)
        reducer = self._reducers[kind]
        if reducer is not None:
            reduced = reducer(obj)
            if reduced is not NotImplemented:
                return reduced
        return super().reducer_override(obj)

    def _reduce_definition(self, definition: Any) -> Any:
        name = self._context.definitions.get(id(definition))
        if name is not None and name not in self._own_names:
            self.references.add(name)
            return rebuild.named_definition, (name,)
        is_function = type(definition) is types.FunctionType
        if is_function and definition.__globals__ is self._context.namespace:
            self.by_value.add(id(definition))
            return self._reduce_function(definition)
        reduced = super().reducer_override(definition)
        if reduced is NotImplemented:
            self.modules.add((definition.__module__ or "").partition(".")[0])
        elif len(reduced) > 2:
            self.by_value.add(id(definition))
            if is_function:
                self.mentioned |= mentioned_names(definition.__code__)
        return reduced

    def _reduce_function(self, function: types.FunctionType) -> Any:
        code = function.__code__
        self.global_names |= function_globals(code)
        self.global_stores |= stored_globals(code)
        self.mentioned |= mentioned_names(code)
        cells = function.__closure__
        # Cells travel empty, as arguments, so that closures share them; their contents come in
        # the state, when the function exists and may be among them.
        self._function_cells.update(map(id, cells or ()))
        slots = {
            "__name__": function.__name__,
            "__qualname__": function.__qualname__,
            "__module__": function.__module__,
            "__doc__": function.__doc__,
            "__defaults__": function.__defaults__,
            "__kwdefaults__": function.__kwdefaults__,
            "__annotations__": _annotations(function),
        }
        type_params = getattr(function, "__type_params__", ())
        if type_params:
            slots["__type_params__"] = type_params
        contents = tuple(map(_cell_contents, cells or ()))
        source = _source(code)
        state = (dict(function.__dict__), slots, contents, source)
        return (
            rebuild.function_over_namespace,
            (code, cells),
            state,
            None,
            None,
            rebuild.set_function_state,
        )

    def _reduce_cell(self, cell: types.CellType) -> Any:
        return (rebuild.make_cell, ()) if id(cell) in self._function_cells else NotImplemented

    def _note_builtin(self, function: types.BuiltinFunctionType) -> Any:
        module = getattr(function, "__module__", None)
        if isinstance(module, str):
            self.modules.add(module.partition(".")[0])
        return NotImplemented

    def _take_buffer(self, buffer: pickle.PickleBuffer) -> bool:
        """Keep a large buffer out of the pickle; True tells pickle to write it in place."""
        raw = buffer.raw()
        if raw.nbytes < OUT_OF_BAND_BYTES:
            return True
        self.buffers.append(raw)
        return False


def _cell_contents(cell: types.CellType) -> tuple:
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def _annotations(function: types.FunctionType) -> dict[str, Any]:
    try:
        return function.__annotations__
    except NameError:
        # Python 3.14 evaluates annotations when asked; one may name what does not exist yet.
        return {}


def _reduce_method(method: types.MethodType) -> Any:
    function, owner = method.__func__, method.__self__
    name = getattr(function, "__name__", "")
    kind = owner if isinstance(owner, type) else type(owner)
    found = getattr(kind, name, None)
    if getattr(found, "__func__", found) is function:
        return getattr, (owner, name)
    return NotImplemented


def _reduce_cached_function(function: Any) -> Any:
    # functools saves these by name, and in a session __main__ has that name: it would only fail
    # where the snapshot is loaded.
    if function.__module__ != "__main__" and "<locals>" not in function.__qualname__:
        return NotImplemented
    settings = function.cache_parameters()
    arguments = (function.__wrapped__, settings["maxsize"], settings["typed"])
    return rebuild.cached_function, arguments


def _reduce_new_type(made: Any) -> Any:
    if made.__module__ != "__main__":
        return NotImplemented
    return rebuild.new_type, (made.__name__, made.__supertype__, made.__module__)


# typing.NewType makes plain functions before Python 3.10.
_NEW_TYPE: Any = typing.NewType
_NEW_TYPE_REDUCERS: dict[type, Callable[[Any], Any]] = (
    {_NEW_TYPE: _reduce_new_type} if isinstance(_NEW_TYPE, type) else {}
)
