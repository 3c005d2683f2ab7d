"""Tracebacks as notebooks show them: by IPython where it runs, otherwise much the same."""

import linecache
import sys
import traceback
from types import TracebackType
from typing import Any, Dict, List, Optional

_RED = "\x1b[0;31m"
_GREEN = "\x1b[0;32m"
_CYAN = "\x1b[0;36m"
_RESET = "\x1b[0m"
_WIDTH = 75
_CONTEXT = 2


def describe_error(shell: Any, error: BaseException) -> Dict[str, Any]:
    """Return the content of an error message of Jupyter's for an exception of the user's code."""
    return {
        "ename": type(error).__name__,
        "evalue": text_of(error),
        "traceback": _lines(shell, error),
    }


def plain_error(ename: str, evalue: str) -> Dict[str, Any]:
    """Return the content of an error message for what is no fault of the user's code."""
    line = "{}{}{}: {}".format(_RED, ename, _RESET, evalue)
    return {"ename": ename, "evalue": evalue, "traceback": [line]}


def text_of(error: BaseException) -> str:
    """Return what an exception says, though its ``__str__`` be the user's and fail."""
    try:
        return str(error)
    except Exception as failure:
        return "<its text could not be made: {}>".format(type(failure).__name__)


def user_frames(trace: Optional[TracebackType]) -> Optional[TracebackType]:
    """Return a traceback from its first frame that is not this package's."""
    while trace is not None and _is_ours(trace):
        trace = trace.tb_next
    return trace


def _is_ours(trace: TracebackType) -> bool:
    name = str(trace.tb_frame.f_globals.get("__name__"))
    return name.split(".")[0] == "slipway_rest"


def _lines(shell: Any, error: BaseException) -> List[str]:
    try:
        render = getattr(error, "_render_traceback_", None)
        if callable(render):
            return list(render())
        if type(error).__name__ == "UsageError":
            return ["UsageError: {}".format(error)]
        if shell is None:
            return _chain(error, set())
        if isinstance(error, SyntaxError) and user_frames(error.__traceback__) is None:
            return list(shell.SyntaxTB.structured_traceback(type(error), error, []))
        trace = user_frames(error.__traceback__)
        return list(shell.InteractiveTB.structured_traceback(type(error), error, trace, 0))
    except Exception:
        # An exception of the user's that cannot even be printed is reported by its type.
        return [type(error).__name__]


def _chain(error: BaseException, seen: "set[int]") -> List[str]:
    seen.add(id(error))
    lines = []  # type: List[str]
    cause = error.__cause__
    context = None if error.__suppress_context__ else error.__context__
    if cause is not None and id(cause) not in seen:
        lines += _chain(cause, seen)
        lines.append("\nThe above exception was the direct cause of the following exception:\n")
    elif cause is None and context is not None and id(context) not in seen:
        lines += _chain(context, seen)
        lines.append("\nDuring handling of the above exception, another exception occurred:\n")
    return lines + _one(error)


def _one(error: BaseException) -> List[str]:
    name = type(error).__name__
    trace = user_frames(error.__traceback__)
    if isinstance(error, SyntaxError) and trace is None:
        shown = "".join(traceback.format_exception_only(type(error), error)).rstrip("\n")
        return [shown.replace(name, _RED + name + _RESET, 1)]
    title = "Traceback (most recent call last)"
    lines = [
        _RED + "-" * _WIDTH + _RESET,
        _RED + name + _RESET + title.rjust(_WIDTH - len(name)),
    ]
    for frame, number in traceback.walk_tb(trace):
        code = frame.f_code
        place = "{}File {}{}:{}{}".format("", _GREEN, code.co_filename, number, _RESET)
        if code.co_filename.startswith("Cell In["):
            place = "{}{}{}, line {}".format(_GREEN, code.co_filename, _RESET, number)
        if code.co_name != "<module>":
            place += ", in {}{}(){}".format(_CYAN, code.co_name, _RESET)
        lines.append("\n".join([place] + _source(code.co_filename, number, frame.f_globals)))
    lines.append("{}{}{}: {}".format(_RED, name, _RESET, text_of(error)))
    return lines


def _source(filename: str, number: int, names: Dict[str, Any]) -> List[str]:
    """Return the lines around one, which an arrow marks."""
    shown = []
    for line in range(max(1, number - _CONTEXT), number + _CONTEXT + 1):
        text = linecache.getline(filename, line, names).rstrip("\n")
        if not text and line != number:
            continue
        mark = "----> " if line == number else "      "
        color = _RED if line == number else _GREEN
        shown.append("{}{}{}{} {}".format(color, mark, line, _RESET, text))
    return shown


def remember_error(error: BaseException) -> None:
    """Keep an error where ``%debug`` and ``pdb.pm()`` look for it."""
    sys.last_type = type(error)
    sys.last_value = error
    sys.last_traceback = user_frames(error.__traceback__)
