"""Values on a plain server: the rules are those of `slipway_session.values`, in older Python."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
from typing import Any

import numpy
import pandas
import pytest
from slipway_rest import json_values
from slipway_session import values

WIRE_TYPES = (
    *(None, "integer", "numeric", "character", "string", "logical"),
    *("vector", "matrix", "data.frame", "dataframe"),
)


class Color(enum.Enum):
    RED = "red"


PYTHON_VALUES = (
    *(None, True, 0, 3, 2**70, 1.5, 3.0, float("nan"), float("-inf"), "", "Infinity", "text"),
    *([], [1], [1.0], ["a", None], [[1, 2], [3, 4]], [[1], [2, 3]], (1, 2), {3}, range(2)),
    *({}, {"a": 1}, {"a": [1, 2], "b": [3, 4]}, {"a": [1], "b": [1, 2]}, [{"a": 1}, {"b": 2}]),
    *(numpy.float32(1.5), numpy.int64(4), numpy.bool_(True), numpy.arange(3), numpy.eye(2)),
    numpy.array([1.0, numpy.nan]),
    *(pandas.Series([1, 2], name="s"), pandas.DataFrame({"b": [1, None], "a": ["x", "y"]})),
    *(pandas.NaT, pandas.Timestamp("2020-01-02"), datetime.date(2020, 1, 2)),
    *(datetime.timedelta(seconds=90), decimal.Decimal("1.5"), Color.RED, object()),
)

JSON_VALUES = (
    *(None, True, 3, 1.5, 3.0, "text", "NaN", "Infinity", "-Infinity", [], [1, 2], [1.5, "NaN"]),
    *(["NaN", "a"], [None, 1], [[1, 2], [3, 4]], [[1, None]], [[1], [2, 3]], [["a", "b"]], {}),
    *({"a": [1, 2], "b": ["x", None]}, {"a": [1, "NaN"]}, [{"a": 1}, {"b": 2}], {"a": 1}),
)


def _outcome(convert: Any, value: Any, wire_type: str | None) -> Any:
    try:
        result = convert(value, wire_type)
    except ValueError:
        return "refused"
    if isinstance(result, (numpy.ndarray, pandas.DataFrame)):
        return repr(result)
    # What is an ordered dict for one is a dict for the other.
    return json.loads(json.dumps(result)) if isinstance(result, (list, dict)) else repr(result)


@pytest.mark.parametrize("wire_type", WIRE_TYPES)
@pytest.mark.parametrize("value", PYTHON_VALUES, ids=repr)
def test_become_the_same_json(value: Any, wire_type: str | None) -> None:
    expected = _outcome(values.to_json, value, wire_type)
    assert _outcome(json_values.to_json, value, wire_type) == expected


@pytest.mark.parametrize("wire_type", WIRE_TYPES)
@pytest.mark.parametrize("value", JSON_VALUES, ids=repr)
def test_become_the_same_python(value: Any, wire_type: str | None) -> None:
    expected = _outcome(values.from_json, value, wire_type)
    assert _outcome(json_values.from_json, value, wire_type) == expected
