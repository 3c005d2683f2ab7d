"""Answers the requests of the kernel, one at a time."""

import builtins
import json
import os
import sys
from collections import OrderedDict
from typing import Any, Callable, Dict

from . import batches, code_help, figures, operations
from .cells import execute
from .console import Console
from .interaction import NoInput
from .json_text import dumps
from .shell import ShellOutput
from .state import State
from .tracebacks import plain_error, text_of

Operation = Callable[[State, Dict[str, Any], Dict[str, Any], Console], Dict[str, Any]]

_OPERATIONS = {
    "execute": execute,
    "complete": code_help.complete,
    "inspect": code_help.inspect,
    "is_complete": code_help.is_complete,
    "info": operations.info,
    "evaluate": operations.evaluate,
    "assign": operations.assign,
    "take_rows": batches.take_rows,
    "assign_results": batches.assign_results,
    "continue_count": operations.continue_count,
    "begin_cell": operations.begin_cell,
    "end_cell": operations.end_cell,
    "describe_function": operations.describe_function,
}  # type: Dict[str, Operation]

# Characters of a reply that the server's answer repeats, lest the console has not kept it.
_LONGEST_REPLY = 1000000

kept_state = State()


def adopt(state: Any) -> None:
    """Go on with what an earlier installation of the package knew of this session."""
    kept_state.__dict__.update(state.__dict__)


def serve(request_text: str, namespace: Dict[str, Any]) -> str:
    """Answer a request, given and answered as JSON; ``namespace`` holds the user's names.

    Whatever happens is an answer, an interrupt included, which may come at any point.
    """
    request = json.loads(request_text, object_pairs_hook=OrderedDict)
    state = kept_state
    namespace.pop("__slipway_request__", None)
    _forget_parcels(state)
    before = (sys.stdout, sys.stderr)
    console = Console(sys.stdout, request["id"], state.directory)
    try:
        try:
            console.begin()
            state.name_history(namespace)
            _rename_history(state.shell, str(request.get("code", "")))
            reply = _perform(state, namespace, request, console)
        finally:
            sys.stdout, sys.stderr = before
            state.stdout.console = state.stderr.console = state.display.console = None
            figures.console = None
        return _answer(state, reply, console)
    except KeyboardInterrupt:
        # It came before the user's code, after it, or while the answer was written.
        reply = dict(plain_error("KeyboardInterrupt", "interrupted"), status="error")
        reply["execution_count"] = state.count - 1
    except Exception as error:
        # Without a record of its end, a kernel whose connection broke would look for it for ever.
        reply = dict(plain_error(type(error).__name__, text_of(error)), status="error")
    return _answer(state, reply, console)


def _answer(state: State, reply: Dict[str, Any], console: Console) -> str:
    """Write the answer to the console; return it once more where it is short."""
    try:
        console.reply(reply)
    finally:
        state.parcels = console.parcels
    text = dumps(reply)
    return text if len(text) <= _LONGEST_REPLY else ""


def _perform(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    operation = _OPERATIONS.get(request["op"])
    if operation is None:
        message = (
            "this needs {!r} of the session, which a server that has only the API of R Server 9.1 "
            "does not offer".format(request["op"])
        )
        return dict(plain_error("NotSupportedByServerError", message), status="error")
    state.stdout.original, state.stderr.original = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = state.stdout, state.stderr
    state.stdout.console = state.stderr.console = state.display.console = console
    figures.console = console
    figures.prepare()
    if state.shell is None:
        builtins.display = state.display.display  # type: ignore[attr-defined]
    with NoInput(), ShellOutput(state.shell, console):
        return operation(state, namespace, request, console)


def _rename_history(shell: Any, source: str) -> None:
    """Let the session's own history have the cell, not the line by which it came here."""
    history = getattr(shell, "history_manager", None)
    for name in ("input_hist_raw", "input_hist_parsed"):
        entries = getattr(history, name, None)
        if entries and "slipway_rest" in entries[-1]:
            entries[-1] = source


def _forget_parcels(state: State) -> None:
    """Remove the files that the kernel has not fetched; it fetches them before it asks again."""
    for path in state.parcels:
        if os.path.exists(path):
            os.remove(path)
    state.parcels = []
