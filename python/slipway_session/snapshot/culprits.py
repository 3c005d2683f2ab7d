"""Where inside an object a part of it sits, written as a user would reach it."""

from __future__ import annotations

import functools
import sys
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

_MOST_OBJECTS = 200_000
_PLAIN = (str, bytes, bytearray, int, float, complex, bool, type(None), types.ModuleType)


def find_path(name: str, root: Any, target: Any) -> str | None:
    """Return the shortest path from ``root``, called ``name``, to ``target``.

    Such as ``model.callbacks[2].lock``; None when it is ``root`` itself, or was not found (an
    object that exists only while its owner is saved). Only attributes and items are looked at,
    no code of the objects runs.
    """
    if root is target:
        return None
    seen = {id(root)}
    waiting: deque[tuple[str, Any]] = deque([(name, root)])
    while waiting and len(seen) < _MOST_OBJECTS:
        path, holder = waiting.popleft()
        for step, part in _parts(holder):
            if part is target:
                return path + step
            if id(part) in seen or isinstance(part, _PLAIN):
                continue
            seen.add(id(part))
            waiting.append((path + step, part))
    return None


def _parts(holder: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(holder, types.FunctionType):
        yield from _function_parts(holder)
    elif isinstance(holder, type):
        if holder.__module__ == "__main__":
            yield from ((f".{key}", value) for key, value in vars(holder).items())
    elif isinstance(holder, types.MethodType):
        yield from ((".__self__", holder.__self__), (".__func__", holder.__func__))
    elif isinstance(holder, functools.partial):
        yield from ((".func", holder.func), (".args", holder.args))
        yield ".keywords", holder.keywords
    elif isinstance(holder, (staticmethod, classmethod)):
        yield "", holder.__func__
    elif isinstance(holder, property):
        yield from ((".fget", holder.fget), (".fset", holder.fset))
    else:
        yield from _items(holder)
        yield from _attributes(holder)


def _function_parts(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            yield f".<closure>.{variable}", cell.cell_contents
        except ValueError:
            continue  # An empty cell holds nothing that could be looked for.
    for index, value in enumerate(function.__defaults__ or ()):
        yield f".__defaults__[{index}]", value
    for key, value in (function.__kwdefaults__ or {}).items():
        yield f".__kwdefaults__[{key!r}]", value
    yield from ((f".{key}", value) for key, value in vars(function).items())


def _items(holder: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(holder, dict):
        for key, value in dict.items(holder):
            yield f"[{_short(key)}]", value
            if not isinstance(key, _PLAIN):
                yield f".<key {_short(key)}>", key
    elif isinstance(holder, (list, tuple, deque)):
        yield from ((f"[{index}]", value) for index, value in enumerate(holder))
    elif isinstance(holder, (set, frozenset)):
        yield from ((".<element>", value) for value in holder)
    elif _is_object_array(holder):
        yield from ((f".flat[{index}]", value) for index, value in enumerate(holder.flat))


def _is_object_array(holder: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(holder, numpy.ndarray) and holder.dtype.hasobject


def _attributes(holder: Any) -> Iterator[tuple[str, Any]]:
    try:
        attributes = object.__getattribute__(holder, "__dict__")
    except AttributeError:
        attributes = None
    if isinstance(attributes, dict):
        yield from ((f".{key}", value) for key, value in list(attributes.items()))
    for kind in type(holder).__mro__:
        for slot, member in vars(kind).items():
            if isinstance(member, types.MemberDescriptorType) and kind.__module__ != "builtins":
                try:
                    yield f".{slot}", member.__get__(holder, kind)
                except AttributeError:
                    continue  # A slot without a value.


def _short(key: Any) -> str:
    if isinstance(key, (str, bytes, int, float, tuple)):
        text = repr(key)
        return text if len(text) <= 40 else text[:37] + "..."
    return type(key).__name__
