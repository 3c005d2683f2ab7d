"""Python values as the JSON of typed parameters, and back.

The wire has seven types, named as R Server names them: ``integer``, ``numeric``, ``character``,
``logical``, ``vector``, ``matrix`` and ``data.frame``; ``string`` and ``dataframe`` are accepted
for ``character`` and ``data.frame``. JSON has no NaN and no infinities, so a missing number (NaN,
NA, NaT) is ``null``, and infinities are the strings ``"Infinity"`` and ``"-Infinity"``, which
become numbers again where the type says that numbers are expected.

This package is on the path of every call of a service: it imports neither numpy nor pandas until a
value needs them, and small values take about a microsecond.
"""

from __future__ import annotations

from typing import Any

from .decode import DECODERS
from .encode import ENCODERS
from .errors import InputValueError, OutputValueError, UnknownWireTypeError

__all__ = [
    "InputValueError",
    "OutputValueError",
    "UnknownWireTypeError",
    "from_json",
    "to_json",
]


def to_json(value: Any, wire_type: str | None = None, path: str = "value") -> Any:
    """Return ``value`` as what `json.dumps` takes, of the declared type when there is one.

    Parameters
    ----------
    value
        Scalars, containers, numpy arrays and scalars, pandas series and data frames (as an object
        of column arrays, in order), dates and times (ISO 8601), durations (seconds), `Decimal`,
        enumerations (their value), dataclasses (an object).
    wire_type
        None to go by the value. A scalar type takes the one element of an array too; ``vector``
        lets scalars through, as R Server does.
    path
        What the value is called in an error: ``result`` gives ``result.items[2]``.

    Raises
    ------
    OutputValueError
        JSON cannot carry the value, or part of it, or it is not of the declared type.
    UnknownWireTypeError

    """
    encode = ENCODERS.get(wire_type)
    if encode is None:
        raise UnknownWireTypeError(str(wire_type))
    try:
        return encode(value)
    except OutputValueError as error:
        error.enclose(path)
        raise
    except RecursionError:
        raise OutputValueError("is nested too deeply, or contains itself", path) from None
    except Exception as error:
        reason = f"could not be read: {type(error).__name__}: {error}"
        raise OutputValueError(reason, path) from error


def from_json(value: Any, wire_type: str | None = None, path: str = "value") -> Any:
    """Return the Python value that a parsed JSON value stands for.

    ``null`` is None whatever the type. A ``vector`` becomes a list; a ``matrix`` a numpy array of
    two dimensions, or a list of rows where numpy is not installed; a ``data.frame``, given as an
    object of columns or a list of records, a pandas data frame, or a dict of lists without pandas.
    Raises `InputValueError` when the value is not of the type, and `UnknownWireTypeError`.
    """
    decode = DECODERS.get(wire_type)
    if decode is None:
        raise UnknownWireTypeError(str(wire_type))
    try:
        return decode(value)
    except InputValueError as error:
        error.enclose(path)
        raise
