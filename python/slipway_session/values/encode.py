"""Values as JSON of the type that was declared for them."""

from __future__ import annotations

from typing import Any, Callable

from .errors import OutputValueError
from .natural import key_segment, natural, type_name

_INFINITIES = {"Infinity", "-Infinity"}


def _mismatch(value: Any, wire_type: str, fix: str) -> OutputValueError:
    return OutputValueError(f"is of type {type_name(value)}, not the declared {wire_type}; {fix}")


def _scalar(value: Any) -> Any:
    """Encode a value; an array or a list of one element stands for that element."""
    plain = natural(value)
    while type(plain) is list and len(plain) == 1:
        plain = plain[0]
    return plain


def _integer(value: Any) -> int | None:
    if type(value) is int:
        return value
    plain = _scalar(value)
    if plain is None or type(plain) is int:
        return plain
    if type(plain) is float and plain.is_integer():
        return int(plain)
    raise _mismatch(value, "integer", "use int(...)")


def _numeric(value: Any) -> Any:
    plain = _scalar(value)
    if plain is None or type(plain) in (float, int):
        return plain
    if type(plain) is str and plain in _INFINITIES:
        return plain
    raise _mismatch(value, "numeric", "use float(...)")


def _character(value: Any) -> str | None:
    plain = _scalar(value)
    if plain is None or type(plain) is str:
        return plain
    raise _mismatch(value, "character", "use str(...)")


def _logical(value: Any) -> bool | None:
    plain = _scalar(value)
    if plain is None or type(plain) is bool:
        return plain
    raise _mismatch(value, "logical", "use bool(...)")


def _vector(value: Any) -> Any:
    plain = natural(value)
    if type(plain) is dict:
        raise _mismatch(value, "vector", "declare it a data.frame, or use list(...)")
    return plain


def _matrix(value: Any) -> Any:
    plain = natural(value)
    if plain is None:
        return None
    if type(plain) is dict and all(type(column) is list for column in plain.values()):
        plain = [list(row) for row in zip(*plain.values())]
    if type(plain) is not list or any(type(row) is not list for row in plain):
        raise _mismatch(value, "matrix", "a matrix is a list of rows, or an array of 2 dimensions")
    if any(type(cell) in (list, dict) for row in plain for cell in row):
        raise _mismatch(value, "matrix", "it has more than 2 dimensions; use .reshape(rows, -1)")
    _require_equal_lengths({f"row {i}": row for i, row in enumerate(plain)}, "matrix", "its rows")
    return plain


def _data_frame(value: Any) -> Any:
    is_series = hasattr(type(value), "to_frame") and hasattr(value, "name")
    plain = natural(value.to_frame(value.name or "value") if is_series else value)
    if plain is None:
        return None
    if type(plain) is list and plain and all(type(record) is dict for record in plain):
        plain = _columns(plain)
    if type(plain) is not dict:
        raise _mismatch(value, "data.frame", "use a pandas DataFrame, or a dict of lists")
    if plain and all(type(column) not in (list, dict) for column in plain.values()):
        # A dict of scalars is one row.
        return {name: [cell] for name, cell in plain.items()}
    for name, column in plain.items():
        if type(column) is dict:
            reason = (
                "is of type dict, and no column of a data.frame; make it columns of its own, or "
                "return json.dumps(...) as str"
            )
            raise OutputValueError(reason, key_segment(name))
    for name, column in plain.items():
        if type(column) is not list:
            reason = "is one value among columns; make it a list as long as the other columns"
            raise OutputValueError(reason, key_segment(name))
    _require_equal_lengths(plain, "data.frame", "its columns")
    return plain


def _columns(records: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for record in records for name in record)
    return {name: [record.get(name) for record in records] for name in names}


def _require_equal_lengths(lists: dict[str, list[Any]], wire_type: str, parts: str) -> None:
    lengths = {name: len(items) for name, items in lists.items()}
    if len(set(lengths.values())) > 1:
        examples = {length: name for name, length in lengths.items()}
        (length, name), (other_length, other) = list(examples.items())[:2]
        raise OutputValueError(
            f"is no {wire_type}: {parts} differ in length ({name} has {length} items, "
            f"{other} has {other_length})"
        )


ENCODERS: dict[str | None, Callable[[Any], Any]] = {
    None: natural,
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
