"""Type hints, and values, as the wire types that stand for them."""

from __future__ import annotations

import collections.abc
import datetime
import numbers
import sys
import types
import typing
from dataclasses import dataclass, is_dataclass, replace
from typing import Any


class UnsupportedHintError(Exception):
    """A hint names a type that JSON does not have; the text is the hint."""


@dataclass(frozen=True)
class Hint:
    """What a hint says. ``conversion`` makes the hinted type from what the wire's type gives."""

    wire_type: str
    is_optional: bool = False
    is_ambiguous: bool = False
    conversion: str | None = None


_UNIONS = {typing.Union, getattr(types, "UnionType", typing.Union)}
_NESTED = {"vector", "matrix"}

# By class and its subclasses, in this order. Modules that are not loaded are passed over, since no
# hint can name their classes.
_BY_CLASS: list[tuple[str, str, Hint]] = [
    ("builtins", "bool", Hint("logical")),
    ("builtins", "int", Hint("integer")),
    ("builtins", "float", Hint("numeric")),
    ("builtins", "str", Hint("character")),
    ("numpy", "bool_", Hint("logical")),
    ("numpy", "integer", Hint("integer")),
    ("numpy", "floating", Hint("numeric")),
    ("numpy", "matrix", Hint("matrix", conversion="numpy.asmatrix")),
    ("numpy", "ndarray", Hint("vector", conversion="numpy.asarray")),
    ("pandas", "DataFrame", Hint("data.frame")),
    ("pandas", "Series", Hint("vector", conversion="pandas.Series")),
    ("pandas", "Index", Hint("vector", conversion="pandas.Index")),
    ("builtins", "tuple", Hint("vector", conversion="tuple")),
    ("builtins", "set", Hint("vector", conversion="set")),
    ("builtins", "frozenset", Hint("vector", conversion="frozenset")),
]
# By the class itself: protocols that a list satisfies, and dates, which travel as ISO 8601.
_BY_EXACT_CLASS: dict[type, Hint] = {
    list: Hint("vector"),
    collections.abc.Sequence: Hint("vector"),
    collections.abc.MutableSequence: Hint("vector"),
    collections.abc.Collection: Hint("vector"),
    collections.abc.Iterable: Hint("vector"),
    numbers.Number: Hint("numeric"),
    numbers.Real: Hint("numeric"),
    numbers.Integral: Hint("integer"),
    datetime.datetime: Hint("character", conversion="datetime.datetime.fromisoformat"),
    datetime.date: Hint("character", conversion="datetime.date.fromisoformat"),
}


def read_hint(annotation: Any, *, is_output: bool = False) -> Hint | None:
    """Return what a hint says, or None when there is none or it allows anything.

    A dict or a dataclass counts as a ``data.frame`` of one row for an output, and for an input not
    at all. Raises `UnsupportedHintError`.
    """
    annotation = _unwrapped(annotation)
    if annotation is None or annotation in (Any, object) or isinstance(annotation, typing.TypeVar):
        return None
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        return _union_hint(arguments, is_output)
    if origin is typing.Literal:
        kinds = {type(argument) for argument in arguments}
        return _union_hint(tuple(kinds), is_output)
    kind = origin or annotation
    hint = _class_hint(kind, is_output) if isinstance(kind, type) else None
    if hint is None:
        raise UnsupportedHintError(_text(annotation))
    if hint.wire_type == "vector" and _is_nested(hint, arguments, is_output):
        return replace(hint, wire_type="matrix")
    return hint


def annotated_name(annotation: Any) -> str | None:
    """Return the name in ``Annotated[str, "iris_species"]``, which names an output."""
    texts = [extra for extra in getattr(annotation, "__metadata__", ()) if isinstance(extra, str)]
    return next((text for text in texts if text.isidentifier()), None)


def type_of_value(value: Any) -> str | None:
    """Return the wire type of a value such as a default, or None when it is none that can be sent.

    Goes by the value and not by its class alone: an array of two dimensions is a matrix.
    """
    try:
        hint = _class_hint(type(value), is_output=False)
    except UnsupportedHintError:
        return None
    if hint is None or hint.wire_type != "vector":
        return hint.wire_type if hint is not None else None
    dimensions = getattr(value, "ndim", None)
    if dimensions is None:
        rows = list(value)
        dimensions = 2 if rows and all(isinstance(row, (list, tuple)) for row in rows) else 1
    return "matrix" if dimensions == 2 else "vector"


def _unwrapped(annotation: Any) -> Any:
    while True:
        if hasattr(annotation, "__metadata__"):
            annotation = annotation.__origin__
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation


def _class_hint(kind: type, is_output: bool) -> Hint | None:
    exact = _BY_EXACT_CLASS.get(kind)
    if exact is not None:
        return exact
    for module, name, hint in _BY_CLASS:
        base = getattr(sys.modules.get(module), name, None)
        if base is not None and issubclass(kind, base):
            return hint
    if issubclass(kind, list):
        return Hint("vector")
    if is_output and (issubclass(kind, collections.abc.Mapping) or is_dataclass(kind)):
        return Hint("data.frame")
    return None


def _is_nested(hint: Hint, arguments: tuple[Any, ...], is_output: bool) -> bool:
    if not arguments:
        return False
    if hint.conversion == "numpy.asarray":
        # numpy.ndarray[tuple[int, int], numpy.dtype[...]]
        return len(typing.get_args(arguments[0])) == 2
    try:
        inner = read_hint(arguments[0], is_output=is_output)
    except UnsupportedHintError:
        return False
    return inner is not None and inner.wire_type in _NESTED


def _union_hint(members: tuple[Any, ...], is_output: bool) -> Hint | None:
    is_optional = type(None) in members
    known: list[Hint] = []
    for member in members:
        if member is type(None):
            continue
        try:
            hint = read_hint(member, is_output=is_output)
        except UnsupportedHintError:
            continue
        if hint is None:
            return None
        known.append(hint)
    if not known:
        raise UnsupportedHintError(" | ".join(_text(member) for member in members))
    if len(known) == 1:
        return replace(known[0], is_optional=is_optional)
    names = {hint.wire_type for hint in known}
    if names == {"integer", "numeric"}:
        return Hint("numeric", is_optional)
    # A vector lets scalars through too; otherwise the first that is named.
    wire_type = "vector" if "vector" in names else known[0].wire_type
    return Hint(wire_type, is_optional, is_ambiguous=len(names) > 1)


def _text(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
