"""Values of the wire's seven types as JSON, and back: `slipway_session.values` for old Pythons.

It keeps to the rules of that package: a missing number is ``null``, infinities are strings, a data
frame is an object of columns, and what is not of its declared type is an error.
"""

import datetime
import decimal
import enum
import math
import sys
from collections import OrderedDict
from typing import Any, List, Optional

_ALIASES = {"string": "character", "dataframe": "data.frame"}
_SCALARS = {"integer": "int", "numeric": "float", "character": "str", "logical": "bool"}
_INFINITIES = ("Infinity", "-Infinity")
_NUMBER_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class ValueTypeError(ValueError):
    """A value that JSON cannot carry, or that is not of its type; its text follows a name."""


def to_json(value: Any, wire_type: Optional[str] = None) -> Any:
    """Return a value as what `json.dumps` takes. Raises `ValueTypeError`."""
    wire_type = _ALIASES.get(wire_type or "", wire_type)
    if wire_type == "data.frame" and hasattr(value, "to_frame") and hasattr(value, "name"):
        value = value.to_frame(value.name or "value")
    try:
        plain = _natural(value)
    except RecursionError:
        raise ValueTypeError("is nested too deeply, or contains itself") from None
    if plain is None or wire_type is None:
        return plain
    if wire_type in _SCALARS:
        return _scalar(plain, wire_type)
    if wire_type == "vector" and isinstance(plain, dict):
        raise _mismatch(plain, wire_type, "use list(...)")
    if wire_type == "matrix":
        if isinstance(plain, dict) and all(isinstance(plain[name], list) for name in plain):
            plain = [list(row) for row in zip(*plain.values())]
        if not _is_matrix(plain):
            raise _mismatch(plain, wire_type, "a matrix is a list of rows of equal length")
    if wire_type == "data.frame":
        return _columns(plain)
    return plain


def from_json(value: Any, wire_type: Optional[str] = None) -> Any:
    """Return the Python value that a parsed JSON value stands for. Raises `ValueTypeError`."""
    wire_type = _ALIASES.get(wire_type or "", wire_type)
    if value is None:
        return None
    if wire_type == "numeric" and isinstance(value, str) and value in _NUMBER_WORDS:
        return _NUMBER_WORDS[value]
    if wire_type in _SCALARS:
        if isinstance(value, list):
            raise _mismatch(value, wire_type, "send one value")
        plain = _scalar(value, str(wire_type))
        return float(plain) if wire_type == "numeric" else plain
    if wire_type == "vector":
        if isinstance(value, dict):
            raise _mismatch(value, wire_type, "send an array")
        return _numbers_restored(value) if isinstance(value, list) else value
    if wire_type == "matrix":
        return _matrix(value)
    if wire_type == "data.frame":
        columns = _columns(value) if value != [] else OrderedDict()
        columns = OrderedDict((name, _numbers_restored(columns[name])) for name in columns)
        pandas = _optional("pandas")
        return columns if pandas is None else pandas.DataFrame(columns)
    return value


def _matrix(value: Any) -> Any:
    if not _is_matrix(value):
        raise _mismatch(value, "matrix", "a matrix is a list of rows of equal length")
    cells = _numbers_restored([cell for row in value for cell in row])
    width = len(value[0]) if value else 0
    rows = [cells[start : start + width] for start in range(0, len(cells), width or 1)]
    numpy = _optional("numpy")
    if numpy is None:
        return rows
    # A missing number is NaN, which integers do not have.
    are_numbers = all(cell is None or type(cell) in (int, float) for cell in cells)
    kind = float if None in cells and are_numbers else None
    return numpy.array(rows, dtype=kind).reshape(len(value), width)


def _numbers_restored(values: List[Any]) -> List[Any]:
    """Turn "NaN" and the infinities into numbers, in a list of numbers with these words only."""
    texts = [value for value in values if isinstance(value, str)]
    has_numbers = any(type(value) in (int, float) for value in values)
    if not texts or not has_numbers or any(text not in _NUMBER_WORDS for text in texts):
        return values
    return [_NUMBER_WORDS[value] if isinstance(value, str) else value for value in values]


def _natural(value: Any) -> Any:
    """Return a value by its own type."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, enum.Enum):
        return _natural(value.value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (float, decimal.Decimal)):
        return _number(float(value))
    if isinstance(value, dict):
        return OrderedDict((str(key), _natural(item)) for key, item in value.items())
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return [_natural(item) for item in value]
    if isinstance(value, (datetime.date, datetime.time)):
        # The missing time of pandas is a date by type.
        return None if str(value) == "NaT" else value.isoformat()
    if isinstance(value, datetime.timedelta):
        return None if str(value) == "NaT" else value.total_seconds()
    return _of_libraries(value)


def _of_libraries(value: Any) -> Any:
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        items = ((str(name), value.iloc[:, i]) for i, name in enumerate(value.columns))
        return OrderedDict((name, [_natural(cell) for cell in column]) for name, column in items)
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    for method in ("tolist", "to_list"):
        if callable(getattr(value, method, None)):
            plain = getattr(value, method)()
            if plain is not value:
                return _natural(plain)
    raise ValueTypeError(
        "is of type {}, which JSON cannot carry; use a number, a text, a list, a dict, an array or "
        "a data frame".format(type(value).__name__)
    )


def _number(value: float) -> Any:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _scalar(value: Any, wire_type: str) -> Any:
    """Return a scalar; a list of one element stands for that element."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if wire_type == "integer" and is_number and float(value).is_integer():
        return int(value)
    if wire_type == "numeric" and (is_number or (isinstance(value, str) and value in _INFINITIES)):
        return value
    if wire_type == "character" and isinstance(value, str):
        return value
    if wire_type == "logical" and isinstance(value, bool):
        return value
    raise _mismatch(value, wire_type, "use {}(...)".format(_SCALARS[wire_type]))


def _is_matrix(value: Any) -> bool:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        return False
    cells = [cell for row in value for cell in row]
    return len({len(row) for row in value}) <= 1 and not any(
        isinstance(cell, (list, dict)) for cell in cells
    )


def _columns(value: Any) -> Any:
    """Return an object of columns of equal length."""
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        names = []  # type: List[str]
        for row in value:
            names += [name for name in row if name not in names]
        value = OrderedDict((name, [row.get(name) for row in value]) for name in names)
    if not isinstance(value, dict):
        raise _mismatch(value, "data.frame", "use a pandas DataFrame, or a dict of lists")
    columns = OrderedDict(
        (name, column if isinstance(column, list) else [column]) for name, column in value.items()
    )
    if len({len(column) for column in columns.values()}) > 1:
        raise ValueTypeError("is no data.frame: its columns are not of one length")
    return columns


def _mismatch(value: Any, wire_type: Optional[str], fix: str) -> ValueTypeError:
    kind = "dict" if isinstance(value, dict) else type(value).__name__
    return ValueTypeError("is of type {}, not the declared {}; {}".format(kind, wire_type, fix))


def _optional(name: str) -> Any:
    """Return a module, or None where it is not installed."""
    if name not in sys.modules:
        try:
            __import__(name)
        except ImportError:
            return None
    return sys.modules[name]
