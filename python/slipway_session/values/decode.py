"""Values from JSON by the type that was declared for them."""

from __future__ import annotations

from itertools import chain
from types import ModuleType
from typing import Any, Callable

from .errors import InputValueError
from .natural import key_segment

_NUMBER_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_NULL = type(None)
_CONTAINERS = {list, dict}
_JSON_NAMES = {
    bool: "a logical",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "an array",
    dict: "an object",
}


def _mismatch(value: Any, wire_type: str, expected: str) -> InputValueError:
    actual = _JSON_NAMES.get(type(value), type(value).__name__)
    shown = f" {value!r}" if type(value) in (bool, int, float) else ""
    return InputValueError(f"is {actual}{shown}, not the declared {wire_type}; send {expected}")


def _same(value: Any) -> Any:
    return value


def _integer(value: Any) -> int | None:
    if type(value) is int or value is None:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise _mismatch(value, "integer", "a whole number")


def _numeric(value: Any) -> float | None:
    kind = type(value)
    if kind is float or value is None:
        return value
    if kind is int:
        try:
            return float(value)
        except OverflowError:
            raise InputValueError("is too large for a number with decimals") from None
    if kind is str and value in _NUMBER_WORDS:
        return _NUMBER_WORDS[value]
    raise _mismatch(value, "numeric", 'a number, or "NaN", "Infinity" or "-Infinity"')


def _character(value: Any) -> str | None:
    if type(value) is str or value is None:
        return value
    raise _mismatch(value, "character", "a text in quotes")


def _logical(value: Any) -> bool | None:
    if type(value) is bool or value is None:
        return value
    raise _mismatch(value, "logical", "true or false")


def _vector(value: Any) -> Any:
    if type(value) is list:
        return _numbers_restored(value)
    if type(value) is dict:
        raise _mismatch(value, "vector", "an array")
    # R Server lets a scalar through where a vector is declared.
    return value


def _numbers_restored(values: list[Any]) -> list[Any]:
    """Turn "NaN" and the infinities into numbers, in a list of numbers with these words only."""
    kinds = set(map(type, values))
    if str not in kinds or not (float in kinds or int in kinds):
        return values
    if any(type(value) is str and value not in _NUMBER_WORDS for value in values):
        return values
    return [_NUMBER_WORDS[value] if type(value) is str else value for value in values]


def _matrix(value: Any) -> Any:
    if value is None:
        return None
    if type(value) is not list or not all(type(row) is list for row in value):
        raise _mismatch(value, "matrix", "an array of rows, such as [[1, 2], [3, 4]]")
    width = len(value[0]) if value else 0
    for index, row in enumerate(value):
        if len(row) != width:
            reason = f"has {len(row)} items, and the first row has {width}; make them equal"
            raise InputValueError(reason, f"[{index}]")
    cells = _numbers_restored(list(chain.from_iterable(value)))
    kinds = set(map(type, cells))
    if kinds & _CONTAINERS:
        raise _mismatch(value, "matrix", "rows of numbers or texts")
    numpy = _imported("numpy")
    if numpy is None:
        return [cells[start : start + width] for start in range(0, len(cells), width or 1)]
    array = numpy.array(cells, dtype=_array_type(kinds))
    return array.reshape(len(value), width)


def _array_type(kinds: set[type]) -> type | None:
    if kinds <= {int, float, _NULL}:
        # A missing number is NaN, which integers do not have.
        return None if kinds == {int} else float
    return None if len(kinds) == 1 else object


def _data_frame(value: Any) -> Any:
    if value is None:
        return None
    if type(value) is list and all(type(record) is dict for record in value):
        names = dict.fromkeys(name for record in value for name in record)
        columns = {name: [record.get(name) for record in value] for name in names}
    elif type(value) is dict:
        columns = {name: _column(name, column) for name, column in value.items()}
    else:
        raise _mismatch(value, "data.frame", "an object of columns, such as {'a': [1, 2]}")
    length = max(map(len, columns.values()), default=0)
    for name, column in columns.items():
        if len(column) != length:
            reason = f"has {len(column)} items, and the longest column has {length}"
            raise InputValueError(f"{reason}; make the columns equal", key_segment(name))
    columns = {name: _numbers_restored(column) for name, column in columns.items()}
    pandas = _imported("pandas")
    return columns if pandas is None else pandas.DataFrame(columns)


def _column(name: str, column: Any) -> list[Any]:
    if type(column) is dict:
        raise InputValueError("is an object; send the column as an array", key_segment(name))
    return column if type(column) is list else [column]


def _imported(name: str) -> ModuleType | None:
    """Import a module, or return None when the interpreter does not have it."""
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None


DECODERS: dict[str | None, Callable[[Any], Any]] = {
    None: _same,
    "integer": _integer,
    "numeric": _numeric,
    "character": _character,
    "string": _character,
    "logical": _logical,
    "vector": _vector,
    "matrix": _matrix,
    "data.frame": _data_frame,
    "dataframe": _data_frame,
}
