"""What the kernel asks besides running cells; the names are those of `slipway_session`."""

import json
import keyword
import linecache
import platform
import sys
from collections import OrderedDict
from typing import Any, Dict

from . import json_values
from .console import Console
from .state import State, user_names
from .tracebacks import describe_error, plain_error


def info(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Tell what the session is."""
    shell = state.shell
    if shell is None:
        banner = "Python {} on {}".format(sys.version, sys.platform)
    else:
        banner = str(shell.banner)
    result = user_names(namespace)  # type: Dict[str, Any]
    result["python"] = platform.python_version()
    result["ipython"] = shell is not None
    result["banner"] = banner
    result["executionCount"] = state.count
    return {"status": "ok", "result": result}


def evaluate(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Evaluate expressions in order; return their values as JSON, or as texts of JSON."""
    types = request.get("types") or {}
    values = OrderedDict()  # type: Dict[str, Any]
    for label, source in (request.get("expressions") or {}).items():
        filename = "<{}>".format(label)
        text = source.strip()
        linecache.cache[filename] = (len(text), None, [text + "\n"], filename)
        try:
            value = eval(compile(text, filename, "eval", state.futures, True), namespace)
        except BaseException as error:
            return dict(describe_error(state.shell, error), status="error")
        finally:
            linecache.cache.pop(filename, None)
        try:
            plain = json_values.to_json(value, types.get(label))
        except json_values.ValueTypeError as error:
            return _failure("OutputValueError", "{} {}".format(label, error))
        values[label] = json.dumps(plain, separators=(",", ":")) if request.get("asText") else plain
    return {"status": "ok", "result": {"values": values}}


def assign(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Set names: all of them, or none when one is not of its type."""
    types = request.get("types") or {}
    values = {}
    for name, value in (request.get("values") or {}).items():
        if not name.isidentifier() or keyword.iskeyword(name):
            message = "{!r} is not a name that Python code can use".format(name)
            return _failure("InvalidNameError", message)
        if request.get("asText"):
            value = json.loads(value, object_pairs_hook=OrderedDict)
        try:
            values[name] = json_values.from_json(value, types.get(name))
        except json_values.ValueTypeError as error:
            return _failure("InputValueError", "{} {}".format(name, error))
    namespace.update(values)
    return {"status": "ok", "result": {}}


def continue_count(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Give the next cell a number, unless the count is beyond it."""
    state.count = max(state.count, int(request["executionCount"]))
    return _count(state)


def begin_cell(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Return the number of a cell that comes in pieces; keep its source when asked."""
    if request.get("storeHistory"):
        state.store_input(namespace, request["code"])
    return _count(state)


def end_cell(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Advance the count when the cell counts; return the number of the next."""
    if request.get("storeHistory"):
        state.count += 1
    return _count(state)


def describe_function(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Describe the function that an expression gives, as the kernel's own sessions do.

    Its modules come with the request, since most sessions have none; they take Python 3.9.
    """
    if sys.version_info < (3, 9):
        return _failure(
            "NotPublishableError",
            "to read the inputs and outputs of a function needs Python 3.9, and the session has "
            "{}; write %%publish NAME VERSION --in NAME:TYPE --out NAME:TYPE and the code of the "
            "service below".format(platform.python_version()),
        )
    for finder in sys.meta_path:
        if type(finder).__name__ == "SlipwaySources":
            finder.sources.update(request["modules"])  # type: ignore[attr-defined]
    from dataclasses import asdict  # novm

    from slipway_publish.errors import NotPublishableError
    from slipway_publish.functions import describe_function as describe

    expression = request["name"].strip()
    try:
        value = eval(compile(expression, "<{}>".format(expression), "eval"), namespace)
    except BaseException as error:
        return dict(describe_error(state.shell, error), status="error")
    try:
        return {"status": "ok", "result": asdict(describe(value, expression, namespace))}
    except NotPublishableError as error:
        return _failure("NotPublishableError", str(error))


def _count(state: State) -> Dict[str, Any]:
    return {"status": "ok", "result": {"executionCount": state.count}}


def _failure(ename: str, evalue: str) -> Dict[str, Any]:
    return dict(plain_error(ename, evalue), status="error")
