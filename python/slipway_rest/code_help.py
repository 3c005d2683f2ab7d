"""Completion, inspection, and whether code is complete: by IPython where it runs."""

import codeop
import inspect as inspection
import re
import rlcompleter
from typing import Any, Dict, Optional

from .console import Console
from .state import State
from .tracebacks import text_of

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_BEFORE_CURSOR = re.compile(r"[\w.]*$")


def complete(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Return the content of a `complete_reply`."""
    code, cursor = request["code"], request["cursor_pos"]
    reply = {"status": "ok", "metadata": {}}  # type: Dict[str, Any]
    if state.shell is None:
        return dict(reply, **_complete_plainly(namespace, code, cursor))
    completer = state.shell.Completer
    if not hasattr(completer, "completions"):
        # IPython 5, the last for Python 2 and 3.3.
        line_start = code.rfind("\n", 0, cursor) + 1
        line = code[line_start:].split("\n", 1)[0]
        text, matches = state.shell.complete(None, line, cursor - line_start)
        return dict(reply, matches=matches, cursor_start=cursor - len(text), cursor_end=cursor)
    from IPython.core.completer import provisionalcompleter, rectify_completions

    with provisionalcompleter():
        found = list(rectify_completions(code, completer.completions(code, cursor)))
    start, end = (found[0].start, found[0].end) if found else (cursor, cursor)
    reply["metadata"]["_jupyter_types_experimental"] = [
        {"start": one.start, "end": one.end, "text": one.text, "type": one.type} for one in found
    ]
    return dict(reply, matches=[one.text for one in found], cursor_start=start, cursor_end=end)


def inspect(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Return the content of an `inspect_reply`."""
    code, cursor = request["code"], request["cursor_pos"]
    detail = int(request.get("detail_level") or 0)
    data = {}  # type: Dict[str, Any]
    if state.shell is not None:
        from IPython.utils.tokenutil import token_at_cursor

        name = token_at_cursor(code, cursor)
        try:
            bundle = state.shell.object_inspect_mime(name, detail_level=detail)
            data = dict(bundle)
        except KeyError:
            # No such object.
            data = {}
    else:
        found = _object_at(namespace, code, cursor)
        if found is not None:
            data = {"text/plain": _describe(found[0], found[1], detail)}
    return {"status": "ok", "found": bool(data), "data": data, "metadata": {}}


def is_complete(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Return the content of an `is_complete_reply`, whose status says it."""
    code = request["code"]
    manager = getattr(state.shell, "input_transformer_manager", None)  # type: Any
    if hasattr(manager, "check_complete"):
        status, spaces = manager.check_complete(code)
        reply = {"status": status}  # type: Dict[str, Any]
        if status == "incomplete":
            reply["indent"] = " " * (spaces or 0)
        return reply
    try:
        compiled = codeop.compile_command(code)
    except (SyntaxError, OverflowError, ValueError):
        return {"status": "invalid"}
    if compiled is not None:
        return {"status": "complete"}
    last = code.rstrip("\n").split("\n")[-1]
    indent = last[: len(last) - len(last.lstrip())]
    return {"status": "incomplete", "indent": indent + ("    " if last.endswith(":") else "")}


def _complete_plainly(namespace: Dict[str, Any], code: str, cursor: int) -> Dict[str, Any]:
    found = _BEFORE_CURSOR.search(code[:cursor])
    text = found.group() if found is not None else ""
    matches = []
    if text:
        completer = rlcompleter.Completer(namespace)
        match = completer.complete(text, 0)
        while match is not None:
            # It adds the bracket of a call, which editors add themselves.
            matches.append(match.rstrip("( "))
            match = completer.complete(text, len(matches))
    unique = sorted(set(matches))
    return {"matches": unique, "cursor_start": cursor - len(text), "cursor_end": cursor}


def _object_at(namespace: Dict[str, Any], code: str, cursor: int) -> Any:
    """Return name and value of what the cursor is on, or of the function whose call it is in."""
    names = [one.group() for one in _DOTTED.finditer(code) if one.start() <= cursor <= one.end()]
    depth = 0
    for at in range(min(cursor, len(code)) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(code[at], 0)
        if depth < 0:
            called = re.search(_DOTTED.pattern + r"$", code[:at])
            names += [called.group()] if called is not None else []
            break
    for name in names:
        found = _look_up(namespace, name)
        if found is not None:
            return name, found[0]
    return None


def _look_up(namespace: Dict[str, Any], name: str) -> Optional[Any]:
    first, *rest = name.split(".")
    builtins = namespace.get("__builtins__", {})
    known = builtins if isinstance(builtins, dict) else vars(builtins)
    if first in namespace:
        value = namespace[first]
    elif first in known:
        value = known[first]
    else:
        return None
    for attribute in rest:
        if not hasattr(value, attribute):
            return None
        value = getattr(value, attribute)
    return (value,)


def _describe(name: str, value: Any, detail: int) -> str:
    parts = []
    try:
        parts.append("Signature: {}{}".format(name, inspection.signature(value)))
    except (TypeError, ValueError):
        # No function, or one of C without a signature.
        parts.append("Value: {}".format(_short(value)))
    parts.append("Type: {}".format(type(value).__name__))
    if detail > 0:
        try:
            parts.append("Source:\n{}".format(inspection.getsource(value)))
        except (TypeError, OSError):
            # Nothing that has a source.
            detail = 0
    doc = inspection.getdoc(value)
    if doc and detail == 0:
        parts.append("Docstring:\n{}".format(doc))
    return "\n".join(parts)


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:
        return "<{}>".format(text_of(error))
    return text if len(text) <= 200 else text[:197] + "..."
