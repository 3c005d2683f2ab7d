"""The rows of a batch out of the session, and its results into it; as `slipway_session` does."""

import json
import keyword
import linecache
from collections import OrderedDict
from typing import Any, Dict, List  # noqa: F401 - List is in comments

from . import json_values
from .console import Console
from .rows import RowsError, index_of, results_as_frame, rows_of
from .state import State
from .tracebacks import describe_error, plain_error

# The index of the data frame that rows were last taken from.
_last = {"index": None}  # type: Dict[str, Any]


def take_rows(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Evaluate an expression and return its rows as the text of a JSON array of objects."""
    types = OrderedDict(request["types"])
    source = request["expression"].strip()
    linecache.cache["<batch>"] = (len(source), None, [source + "\n"], "<batch>")
    try:
        value = eval(compile(source, "<batch>", "eval", state.futures, True), namespace)
    except BaseException as error:
        return dict(describe_error(state.shell, error), status="error")
    finally:
        linecache.cache.pop("<batch>", None)
    rows = []  # type: List[Any]
    try:
        for row in rows_of(value, types):
            rows.append(
                OrderedDict((name, json_values.to_json(row[name], types[name])) for name in types)
            )
    except RowsError as error:
        return _failure("RowsError", str(error))
    except json_values.ValueTypeError as error:
        return _failure("OutputValueError", "a value of row {} {}".format(len(rows), error))
    _last["index"] = index_of(value)
    text = json.dumps(rows, separators=(",", ":"))
    return {"status": "ok", "result": {"text": text, "count": len(rows)}}


def assign_results(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Set a name to the results of a batch, as a data frame with a line for each row."""
    name = request["name"]
    if not name.isidentifier() or keyword.iskeyword(name):
        return _failure(
            "InvalidNameError", "{!r} is not a name that Python code can use".format(name)
        )
    types = OrderedDict(request["types"])
    results = json.loads(request["results"], object_pairs_hook=OrderedDict)
    columns = OrderedDict()  # type: Dict[str, List[Any]]
    try:
        for output in types:
            values = [result["outputParameters"].get(output) for result in results]
            columns[output] = [json_values.from_json(value, types[output]) for value in values]
    except json_values.ValueTypeError as error:
        return _failure("InputValueError", "{} of a row {}".format(output, error))
    index = _last["index"]
    namespace[name] = results_as_frame(columns, results, index, request["batch"])
    return {"status": "ok", "result": {}}


def _failure(ename: str, evalue: str) -> Dict[str, Any]:
    return dict(plain_error(ename, evalue), status="error")
