"""Values as JSON by what they are, with no type declared."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any, Callable

from .errors import OutputValueError

Encode = Callable[[Any], Any]

_PLAIN = {int, bool, type(None)}
_NUMBERS = {int, float}
_TEXT = {str}


def natural(value: Any) -> Any:
    """Return what `json.dumps` takes for ``value``. Raises `OutputValueError`."""
    kind = type(value)
    encode = _BY_TYPE.get(kind)
    return encode(value) if encode is not None else _encoder_for(kind)(value)


def key_segment(key: str) -> str:
    """Return how a key of an object is written in a path: ``.name`` or ``["other name"]``."""
    return f".{key}" if key.isidentifier() else f"[{json.dumps(key)}]"


def type_name(value: Any) -> str:
    """Return the name of a value's type with its module, as users know it."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _same(value: Any) -> Any:
    return value


def _text(value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            reason = "holds half of a surrogate pair, which is no character; decode the text anew"
            raise OutputValueError(reason) from None
    return value


def _float(value: float) -> Any:
    if isfinite(value):
        return value
    if value != value:
        return None
    return "Infinity" if value > 0 else "-Infinity"


def _items(values: Any) -> list[Any]:
    kinds = set(map(type, values))
    if kinds <= _PLAIN or (kinds <= _NUMBERS and _all_finite(values)):
        return values if type(values) is list else list(values)
    if kinds == _TEXT and "".join(values).isascii():
        return values if type(values) is list else list(values)
    return _each(values)


def _all_finite(values: Iterable[float]) -> bool:
    try:
        return all(map(isfinite, values))
    except OverflowError:
        # An int beyond the range of a float, which JSON can carry: decided one by one.
        return False


def _each(values: Iterable[Any]) -> list[Any]:
    encoded: list[Any] = []
    try:
        for value in values:
            encoded.append(natural(value))
    except OutputValueError as error:
        error.enclose(f"[{len(encoded)}]")
        raise
    return encoded


def _mapping(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    encoded: dict[str, Any] = {}
    for key, value in mapping.items():
        name = key if type(key) is str and key.isascii() else _key(key)
        try:
            encoded[name] = natural(value)
        except OutputValueError as error:
            error.enclose(key_segment(name))
            raise
    return encoded


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise OutputValueError(
            f"has the key {key!r} of type {type_name(key)}, and keys of a JSON object are strings; "
            "use str(key)"
        )
    return _text(str.__str__(key))


def _set(values: Iterable[Any]) -> list[Any]:
    encoded = _each(values)
    try:
        return sorted(encoded)
    except TypeError:
        return encoded


def _dataclass(value: Any) -> dict[str, Any]:
    return _mapping({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})


def _decimal(value: Any) -> Any:
    if not value.is_finite():
        return _float(float(value))
    return int(value) if value.as_tuple().exponent >= 0 else _float(float(value))


def _numpy_array(value: Any) -> Any:
    kind = value.dtype.kind
    if kind in "biu":
        return value.tolist()
    if kind == "f":
        # numpy leaves long doubles as they are in a list.
        return natural((value if value.itemsize <= 8 else value.astype(float)).tolist())
    if kind in "UTO":
        return natural(value.tolist())
    if kind == "M":
        return _missing_dates(sys.modules["numpy"].datetime_as_string(value).tolist())
    if kind == "m":
        numpy = sys.modules["numpy"]
        return natural(value / numpy.timedelta64(1, "s"))
    raise OutputValueError(_refusal(f"a numpy array of {value.dtype}"))


def _missing_dates(dates: Any) -> Any:
    if isinstance(dates, list):
        return [_missing_dates(date) for date in dates]
    return None if dates == "NaT" else dates


def _numpy_scalar(value: Any) -> Any:
    return _numpy_array(sys.modules["numpy"].asarray(value))


def _pandas_values(values: Any) -> list[Any]:
    if getattr(values.dtype, "kind", "O") in "biuf" and hasattr(values.dtype, "newbyteorder"):
        return natural(values.to_numpy().tolist())
    return _each(values)


def _data_frame(frame: Any) -> dict[str, Any]:
    names = [str(column) if type(column) is int else column for column in frame.columns]
    columns: dict[str, Any] = {}
    for position, name in enumerate(names):
        name = _key(name)
        if name in columns:
            raise OutputValueError(f"has two columns named {name!r}; rename one of them")
        try:
            columns[name] = _pandas_values(frame.iloc[:, position])
        except OutputValueError as error:
            error.enclose(key_segment(name))
            raise
    return columns


def _listed(value: Any) -> Any:
    return natural(value.tolist())


def _isoformat(value: Any) -> Any:
    # pandas' NaT is a datetime that is unequal to itself.
    return value.isoformat() if value == value else None


def _refuse(value: Any) -> Any:
    raise OutputValueError(_refusal(f"of type {type_name(value)}"))


def _refusal(what: str) -> str:
    return f"is {what}, which JSON cannot carry; return numbers, text, lists or dicts made from it"


def _refuse_bytes(value: Any) -> Any:
    raise OutputValueError(
        f"is of type {type_name(value)}, and JSON carries text; use base64.b64encode(...).decode()"
    )


def _refuse_iterator(value: Any) -> Any:
    raise OutputValueError(f"is of type {type_name(value)}, whose items JSON lacks; use list(...)")


# By exact type, for the values that make up nearly all of what is sent.
_BY_TYPE: dict[type, Encode] = {
    type(None): _same,
    bool: _same,
    int: _same,
    float: _float,
    str: _text,
    list: _items,
    tuple: _items,
    dict: _mapping,
}

# By class, in this order, each where its module has been imported: a value of a class that has not
# been loaded cannot be there. Subclasses are treated as their class.
_BY_CLASS: list[tuple[str, str, Encode]] = [
    ("enum", "Enum", lambda value: natural(value.value)),
    ("builtins", "str", lambda value: _text(str.__str__(value))),
    ("builtins", "float", lambda value: _float(float(value))),
    ("builtins", "int", int),
    ("builtins", "bytes", _refuse_bytes),
    ("builtins", "bytearray", _refuse_bytes),
    ("builtins", "memoryview", _refuse_bytes),
    ("numpy", "ndarray", _numpy_array),
    ("numpy", "generic", _numpy_scalar),
    ("pandas", "DataFrame", _data_frame),
    ("pandas", "Series", _pandas_values),
    ("pandas", "Index", _pandas_values),
    ("pandas.api.extensions", "ExtensionArray", _pandas_values),
    ("pandas._libs.missing", "NAType", lambda value: None),
    ("pandas", "Period", str),
    ("datetime", "date", _isoformat),
    ("datetime", "time", _isoformat),
    ("datetime", "timedelta", lambda value: natural(value.total_seconds())),
    ("decimal", "Decimal", _decimal),
    ("numbers", "Rational", lambda value: _float(float(value))),
    ("uuid", "UUID", str),
    ("pathlib", "PurePath", lambda value: _text(str(value))),
    ("collections.abc", "Mapping", _mapping),
    ("collections.abc", "Set", _set),
    ("collections.abc", "Sequence", _each),
    ("collections.abc", "ValuesView", _each),
    ("array", "array", lambda value: natural(value.tolist())),
    ("collections", "deque", _each),
    ("collections.abc", "Iterator", _refuse_iterator),
]

# Classes of these packages are few and stay for good, so what was found for them is kept.
_LASTING_PACKAGES = {"numpy", "pandas", "datetime", "decimal", "collections", "builtins"}


def _encoder_for(kind: type) -> Encode:
    encode = next(_candidates(kind), _refuse)
    if kind.__module__.partition(".")[0] in _LASTING_PACKAGES:
        _BY_TYPE[kind] = encode
    return encode


def _candidates(kind: type) -> Iterator[Encode]:
    for module, name, encode in _BY_CLASS:
        base = getattr(sys.modules.get(module), name, None)
        if base is not None and issubclass(kind, base):
            yield encode
    if dataclasses.is_dataclass(kind):
        yield _dataclass
    if callable(getattr(kind, "tolist", None)):
        # Tensors of other libraries.
        yield _listed
