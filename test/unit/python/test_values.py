"""Typed values: what becomes of Python values in JSON, and of JSON in Python."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import subprocess
import sys
import uuid
from collections import OrderedDict, namedtuple
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pytest
from slipway_session.values import (
    InputValueError,
    OutputValueError,
    UnknownWireTypeError,
    from_json,
    to_json,
)

PYTHON_FOLDER = Path(__file__).parents[3] / "python"
NAN = float("nan")
INFINITY = float("inf")


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Reading:
    place: str
    values: Any


Point = namedtuple("Point", "x y")

NATURAL = [
    (None, None),
    (True, True),
    (7, 7),
    (2**70, 2**70),
    ([2**2000, 1.5], [2**2000, 1.5]),
    (3.2, 3.2),
    ("Ǻ", "Ǻ"),
    ([7, 3.2, 4.7, 1.4], [7, 3.2, 4.7, 1.4]),
    ((1, "a", None), [1, "a", None]),
    ({"b": [1, {"c": (2,)}], "ü": 1}, {"b": [1, {"c": [2]}], "ü": 1}),
    (OrderedDict(z=1, a=2), {"z": 1, "a": 2}),
    ({3, 1, 2}, [1, 2, 3]),
    (range(3), [0, 1, 2]),
    ({"a": 1}.values(), [1]),
    (Point(1, 2), [1, 2]),
    (Reading("Ulm", np.array([1, 2])), {"place": "Ulm", "values": [1, 2]}),
    (Colour.RED, "red"),
    (Level.HIGH, 3),
    (decimal.Decimal("10"), 10),
    (decimal.Decimal("0.5"), 0.5),
    (decimal.Decimal("NaN"), None),
    (Fraction(1, 4), 0.25),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (PurePosixPath("a/b"), "a/b"),
    (datetime.date(2026, 11, 23), "2026-11-23"),
    (datetime.datetime(2026, 11, 23, 9, 30), "2026-11-23T09:30:00"),
    (datetime.time(9, 30), "09:30:00"),
    (datetime.timedelta(minutes=1.5), 90.0),
    (np.int64(5), 5),
    (np.float32(0.5), 0.5),
    (np.bool_(True), True),
    (np.str_("a"), "a"),
    (np.longdouble(0.5), 0.5),
    (np.datetime64("2026-11-23"), "2026-11-23"),
    (np.datetime64("NaT"), None),
    (np.timedelta64(90, "s"), 90.0),
    (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (np.array(3), 3),
    (np.array(["a", None], dtype=object), ["a", None]),
    (np.array(["2026-11-23", "NaT"], dtype="datetime64[D]"), ["2026-11-23", None]),
    (np.ma.masked_array([1.5, 2.5], mask=[False, True]), [1.5, None]),
    (pd.NA, None),
    (pd.NaT, None),
    (pd.Timestamp("2026-11-23"), "2026-11-23T00:00:00"),
    (pd.Series([1, 2], index=["a", "b"]), [1, 2]),
    (pd.Series([1, None], dtype="Int64"), [1, None]),
    (pd.Series(pd.to_datetime(["2026-11-23", None])), ["2026-11-23T00:00:00", None]),
    (pd.Categorical(["u", "v", "u"]), ["u", "v", "u"]),
    (pd.Index(["a"]), ["a"]),
    (pd.DataFrame({"n": [2.0, 3.0], "s": ["aa", "bb"]}), {"n": [2.0, 3.0], "s": ["aa", "bb"]}),
    (pd.DataFrame([[1, 2]]), {"0": [1], "1": [2]}),
]


@pytest.mark.parametrize(("value", "expected"), NATURAL, ids=lambda value: repr(value)[:40])
def test_a_value_becomes_the_json_that_it_stands_for(value: Any, expected: Any) -> None:
    encoded = to_json(value)

    assert encoded == expected
    assert json.loads(json.dumps(encoded, allow_nan=False)) == expected


@pytest.mark.parametrize("make", [float, np.float64, np.float32, lambda x: x])
def test_missing_numbers_are_null_and_infinities_are_words(make: Any) -> None:
    values = [make(NAN), make(INFINITY), make(-INFINITY), make(1.5)]

    assert [to_json(value) for value in values] == [None, "Infinity", "-Infinity", 1.5]
    assert to_json(values) == [None, "Infinity", "-Infinity", 1.5]
    assert to_json(np.array(values)) == [None, "Infinity", "-Infinity", 1.5]
    assert to_json(pd.DataFrame({"x": values})) == {"x": [None, "Infinity", "-Infinity", 1.5]}


def test_columns_keep_their_order() -> None:
    frame = pd.DataFrame({"z": [1], "a": [2], "m": [3]})

    assert list(to_json(frame, "data.frame")) == ["z", "a", "m"]


UNENCODABLE = [
    ({"items": [1, 2, object()]}, "result.items[2] is of type object"),
    ({"a b": [np.complex64(1)]}, 'result["a b"][0] is a numpy array of complex64'),
    (b"x", "result is of type bytes, and JSON carries text; use base64"),
    ([bytearray(b"x")], "result[0] is of type bytearray"),
    ((x for x in "ab"), "result is of type generator, whose items JSON lacks; use list(...)"),
    ({"a": {1: 2}}, "result.a has the key 1 of type int"),
    (lambda: 1, "result is of type function"),
    (pd.DataFrame({"a": [1], "b": [{1j}]}), "result.b[0][0] is of type complex"),
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), "result has two columns named 'a'"),
    ("\ud800", "result holds half of a surrogate pair"),
    (["a", "\ud800"], "result[1] holds half of a surrogate pair"),
]


@pytest.mark.parametrize(("value", "message"), UNENCODABLE, ids=[m for _, m in UNENCODABLE])
def test_what_json_cannot_carry_is_named_by_its_path(value: Any, message: str) -> None:
    with pytest.raises(OutputValueError) as raised:
        to_json(value, None, "result")

    assert str(raised.value).startswith(message)


def test_a_list_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(OutputValueError, match=r"^result is nested too deeply, or contains itself"):
        to_json(endless, None, "result")


def test_an_object_that_fails_while_it_is_read_is_named() -> None:
    class Broken(dict[str, Any]):
        def items(self) -> Any:
            raise KeyError("gone")

    with pytest.raises(OutputValueError, match=r"^result could not be read: KeyError: 'gone'"):
        to_json(Broken(a=1), None, "result")


TYPED_OUTPUTS = [
    ("integer", 3, 3),
    ("integer", 3.0, 3),
    ("integer", np.array([3]), 3),
    ("numeric", 0.64181252840938208, 0.64181252840938208),
    ("numeric", 3, 3),
    ("numeric", pd.Series([1.5]), 1.5),
    ("numeric", INFINITY, "Infinity"),
    ("character", "a", "a"),
    ("string", np.array(["a"]), "a"),
    ("character", datetime.date(2026, 11, 23), "2026-11-23"),
    ("logical", np.bool_(False), False),
    ("vector", np.array([1, 2]), [1, 2]),
    ("vector", "I. setosa", "I. setosa"),
    ("vector", np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    ("matrix", np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    ("matrix", pd.DataFrame({"a": [1, 2], "b": [3, 4]}), [[1, 3], [2, 4]]),
    ("data.frame", {"a": [1, 2]}, {"a": [1, 2]}),
    ("data.frame", [{"a": 1}, {"a": 2, "b": 3}], {"a": [1, 2], "b": [None, 3]}),
    ("data.frame", {"species": "setosa", "p": 0.9}, {"species": ["setosa"], "p": [0.9]}),
    ("dataframe", pd.Series([1, 2], name="x"), {"x": [1, 2]}),
]


@pytest.mark.parametrize(("wire_type", "value", "expected"), TYPED_OUTPUTS)
def test_an_output_takes_its_declared_type(wire_type: str, value: Any, expected: Any) -> None:
    assert to_json(value, wire_type) == expected


@pytest.mark.parametrize("wire_type", ["integer", "numeric", "character", "logical"])
def test_none_is_null_whatever_the_scalar_type(wire_type: str) -> None:
    assert to_json(None, wire_type) is None
    assert to_json(NAN, wire_type) is None
    assert from_json(None, wire_type) is None


MISTYPED_OUTPUTS = [
    ("integer", 3.5, "x is of type float, not the declared integer; use int(...)"),
    ("integer", True, "x is of type bool, not the declared integer"),
    ("numeric", "3", "x is of type str, not the declared numeric; use float(...)"),
    ("character", 3, "x is of type int, not the declared character; use str(...)"),
    ("logical", 1, "x is of type int, not the declared logical; use bool(...)"),
    ("numeric", [1, 2], "x is of type list, not the declared numeric"),
    ("vector", {"a": 1}, "x is of type dict, not the declared vector"),
    ("matrix", [1, 2], "x is of type list, not the declared matrix; a matrix is a list of rows"),
    ("matrix", np.zeros((1, 1, 1)), "x is of type numpy.ndarray, not the declared matrix"),
    ("matrix", [[1], [1, 2]], "x is no matrix: its rows differ in length"),
    ("data.frame", [1, 2], "x is of type list, not the declared data.frame"),
    ("data.frame", {"a": [1], "b": [1, 2]}, "x is no data.frame: its columns differ in length"),
    ("data.frame", {"a": [1], "b": 2}, "x.b is one value among columns"),
    ("data.frame", {"a": 1, "b": {"c": [1]}}, "x.b is of type dict, and no column of a data.frame"),
]


@pytest.mark.parametrize(("wire_type", "value", "message"), MISTYPED_OUTPUTS)
def test_an_output_of_another_type_is_refused(wire_type: str, value: Any, message: str) -> None:
    with pytest.raises(OutputValueError) as raised:
        to_json(value, wire_type, "x")

    assert str(raised.value).startswith(message)


TYPED_INPUTS = [
    ("integer", 3, 3, int),
    ("integer", 3.0, 3, int),
    ("numeric", 120, 120.0, float),
    ("numeric", "Infinity", INFINITY, float),
    ("numeric", "-Infinity", -INFINITY, float),
    ("character", "a", "a", str),
    ("string", "a", "a", str),
    ("logical", True, True, bool),
    ("vector", [7, 3.2, 4.7, 1.4], [7, 3.2, 4.7, 1.4], list),
    ("vector", ["NaN", "b"], ["NaN", "b"], list),
    ("vector", [1, "Infinity"], [1, INFINITY], list),
    ("vector", "a", "a", str),
    (None, {"a": [1]}, {"a": [1]}, dict),
]


@pytest.mark.parametrize(("wire_type", "value", "expected", "kind"), TYPED_INPUTS)
def test_an_input_becomes_its_type(wire_type: str, value: Any, expected: Any, kind: type) -> None:
    decoded = from_json(value, wire_type)

    assert decoded == expected
    assert type(decoded) is kind


def test_a_matrix_becomes_an_array_of_two_dimensions() -> None:
    decoded = from_json([[1, 2, 3], [4, 5, 6]], "matrix")

    assert decoded.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert decoded.dtype.kind == "i"
    assert from_json([[1, None], ["Infinity", 2]], "matrix").dtype == float
    assert from_json([["a", "b"]], "matrix").tolist() == [["a", "b"]]
    assert from_json([["a", 1]], "matrix").tolist() == [["a", 1]]
    assert from_json([], "matrix").shape == (0, 0)


def test_columns_and_records_become_a_data_frame() -> None:
    expected = pd.DataFrame({"n": [1.5, NAN], "s": ["a", "b"]})

    columns = from_json({"n": [1.5, "NaN"], "s": ["a", "b"]}, "data.frame")
    records = from_json([{"n": 1.5, "s": "a"}, {"s": "b"}], "data.frame")

    pd.testing.assert_frame_equal(columns, expected)
    pd.testing.assert_frame_equal(records, expected)
    pd.testing.assert_frame_equal(from_json({"a": 1}, "dataframe"), pd.DataFrame({"a": [1]}))


def test_a_data_frame_survives_the_way_there_and_back() -> None:
    frame = pd.DataFrame(
        {"n": [1.5, NAN, INFINITY], "s": ["a", None, "b"], "b": [True, False, True]}
    )

    back = from_json(json.loads(json.dumps(to_json(frame, "data.frame"))), "data.frame")

    pd.testing.assert_frame_equal(back, frame)


MISTYPED_INPUTS = [
    ("integer", 3.5, "x is a number 3.5, not the declared integer; send a whole number"),
    ("integer", True, "x is a logical True, not the declared integer"),
    ("numeric", "a", "x is a text, not the declared numeric"),
    ("numeric", 10**400, "x is too large"),
    ("character", 1, "x is a number 1, not the declared character"),
    ("logical", "true", "x is a text, not the declared logical; send true or false"),
    ("vector", {"a": 1}, "x is an object, not the declared vector; send an array"),
    ("matrix", [1, 2], "x is an array, not the declared matrix"),
    ("matrix", [[1, 2], [3]], "x[1] has 1 items, and the first row has 2"),
    ("matrix", [[[1]]], "x is an array, not the declared matrix"),
    ("data.frame", [1], "x is an array, not the declared data.frame"),
    ("data.frame", {"a": [1], "b": [1, 2]}, "x.a has 1 items, and the longest column has 2"),
    ("data.frame", {"a": {"b": 1}}, "x.a is an object"),
]


@pytest.mark.parametrize(("wire_type", "value", "message"), MISTYPED_INPUTS)
def test_an_input_of_another_type_is_refused(wire_type: str, value: Any, message: str) -> None:
    with pytest.raises(InputValueError) as raised:
        from_json(value, wire_type, "x")

    assert str(raised.value).startswith(message)


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(UnknownWireTypeError, match='"tensor" is not a type of parameters'):
        to_json(1, "tensor")
    with pytest.raises(UnknownWireTypeError, match='"tensor" is not a type of parameters'):
        from_json(1, "tensor")


def test_scalars_and_lists_need_neither_numpy_nor_pandas_nor_ipython() -> None:
    code = (
        "import sys; from slipway_session.values import to_json, from_json\n"
        "to_json({'a': [1.5, 'b', object]}['a'][:2], 'vector'); from_json([1, 2], 'vector')\n"
        "print(sorted({'numpy', 'pandas', 'IPython', 'ipykernel'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PYTHON_FOLDER, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_matrices_and_data_frames_do_without_numpy_and_pandas() -> None:
    code = (
        "import sys; sys.modules['numpy'] = sys.modules['pandas'] = None\n"
        "from slipway_session.values import from_json\n"
        "print(from_json([[1, 2], [3, 4]], 'matrix'), from_json({'a': [1]}, 'data.frame'))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PYTHON_FOLDER, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[[1, 2], [3, 4]] {'a': [1]}"
