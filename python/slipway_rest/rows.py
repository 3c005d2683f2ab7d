"""The rows of a batch out of a value of the user's, and its results as a data frame.

Sessions of Slipway's own server use it, too.
"""

from collections import OrderedDict
from typing import Any, Dict, List

_ADVICE = "give --batch a DataFrame, or a list of dicts with the inputs of the service"


class RowsError(ValueError):
    """A value has no rows, or not those that a service takes; its text says which."""

    def __init__(self, problem: str) -> None:
        super().__init__("{}; {}".format(problem, _ADVICE))


def rows_of(value: Any, types: Dict[str, str]) -> List[Any]:
    """Return the rows of a value, each a mapping with all names of ``types``.

    A data frame, a dict of columns, a table of polars or Arrow, or anything with items: dicts,
    named tuples, or values in the order of the inputs. Where a service has one input, each item is
    that input; and each row of a data frame without such a column, when it is a vector.
    """
    names = list(types)
    if _is_frame(value):
        columns = OrderedDict(
            (str(name), value.iloc[:, at].tolist()) for at, name in enumerate(value.columns)
        )
        if len(names) == 1 and names[0] not in columns and types[names[0]] == "vector":
            return [{names[0]: list(row)} for row in zip(*columns.values())]
        return _of_columns(columns, names, len(value))
    for method in ("to_dicts", "to_pylist"):
        if callable(getattr(value, method, None)):
            value = getattr(value, method)()
            break
    if hasattr(value, "keys"):
        columns = OrderedDict((str(name), list(value[name])) for name in value)
        return _of_columns(columns, names, max([len(columns[name]) for name in columns] or [0]))
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise RowsError("a value of type {} has no rows".format(type(value).__name__))
    return [_row(item, names, at) for at, item in enumerate(value)]


def index_of(value: Any) -> Any:
    """Return the index of a data frame; None of anything else."""
    return value.index if _is_frame(value) else None


def results_as_frame(
    columns: Dict[str, List[Any]], results: List[Any], index: Any, batch: Dict[str, Any]
) -> Any:
    """Return outputs by name as a data frame, or as a list of dicts where pandas is not installed.

    A column ``error`` is there when rows have failed.
    """
    columns = OrderedDict(columns)
    if not all(result["success"] for result in results):
        name = "error" if "error" not in columns else "error_"
        columns[name] = [
            None if result["success"] else result["errorMessage"] for result in results
        ]
    try:
        import pandas
    except ImportError:
        names = list(columns)
        return [
            OrderedDict((name, columns[name][at]) for name in names) for at in range(len(results))
        ]
    known = index is not None and len(index) == len(results)
    frame = pandas.DataFrame(columns, index=index if known else range(len(results)))
    if hasattr(frame, "attrs"):
        frame.attrs["batch"] = batch
    return frame


def _is_frame(value: Any) -> bool:
    return hasattr(value, "columns") and hasattr(value, "iloc")


def _of_columns(columns: Dict[str, List[Any]], names: List[str], count: int) -> List[Any]:
    for name in names:
        if name not in columns:
            there = ", ".join(columns) or "none"
            raise RowsError('there is no column "{}", its columns are {}'.format(name, there))
    if any(len(columns[name]) != count for name in columns):
        told = ", ".join("{} has {}".format(name, len(columns[name])) for name in columns)
        raise RowsError("the columns are not of one length: {}".format(told))
    return [{name: columns[name][at] for name in names} for at in range(count)]


def _row(item: Any, names: List[str], at: int) -> Any:
    if hasattr(item, "_asdict"):
        item = item._asdict()
    if hasattr(item, "keys"):
        for name in names:
            if name not in item:
                there = ", ".join(str(key) for key in item) or "nothing"
                raise RowsError('row {} has no "{}", it has {}'.format(at, name, there))
        return item
    if len(names) == 1:
        return {names[0]: item}
    if isinstance(item, (str, bytes)) or not hasattr(item, "__len__"):
        raise RowsError("row {} is of type {} and no dict".format(at, type(item).__name__))
    if len(item) != len(names):
        taken = ", ".join(names) or "nothing"
        raise RowsError("row {} has {} values, the service takes {}".format(at, len(item), taken))
    return dict(zip(names, item))
