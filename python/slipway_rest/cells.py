"""Runs cells: what ipykernel does for `execute_request`."""

import ast
import io
import linecache
import tokenize
from typing import Any, Dict, List, Tuple

from . import figures
from .console import Console
from .formats import format_value
from .shell import end_of_cell, transform
from .state import State, user_names
from .tracebacks import describe_error, remember_error

# Python 3.8 and newer; an older one says "invalid syntax" and can tell no more.
_ALLOW_AWAIT = getattr(ast, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0)
_AWAIT = (
    "await at the top level of a cell needs an event loop, and this server, which has the API of R "
    "Server 9.1, runs cells without one. Put the code into an async function, say main, and run it "
    "in a thread: from concurrent.futures import ThreadPoolExecutor; import asyncio; "
    "ThreadPoolExecutor().submit(lambda: asyncio.run(main())).result()"
)


class TopLevelAwaitError(Exception):
    """A cell awaits at its top level, which needs an event loop."""


def execute(
    state: State, namespace: Dict[str, Any], request: Dict[str, Any], console: Console
) -> Dict[str, Any]:
    """Run a cell and return the content of its `execute_reply`, with the names of the workspace."""
    source = request["code"]
    silent = bool(request.get("silent"))
    stores = bool(request.get("store_history", True)) and not silent
    if stores:
        state.store_input(namespace, source)
    try:
        _run(state, namespace, source, silent, console)
        error = None
    except BaseException as caught:
        # SystemExit too: a cell that exits must not take the helper's answer with it.
        error = caught
    reply = {"status": "ok", "user_expressions": {}}  # type: Dict[str, Any]
    if error is not None:
        remember_error(error)
        reply.update(describe_error(state.shell, error), status="error")
    payload = _end(state, console)
    if error is None:
        expressions = request.get("user_expressions") or {}
        reply["user_expressions"] = _user_expressions(state, namespace, expressions)
    if stores:
        state.count += 1
    reply["payload"] = payload
    # ipykernel's way of counting: the last cell that has a number.
    reply["execution_count"] = state.count - 1
    reply.update(user_names(namespace))
    return reply


def _run(
    state: State, namespace: Dict[str, Any], source: str, silent: bool, console: Console
) -> None:
    shell = state.shell
    transformed = transform(shell, source)
    filename = _cache(state, transformed, source)
    mode = "none" if silent else getattr(shell, "ast_node_interactivity", "last_expr")
    is_quiet = _is_quiet(transformed)
    for code, is_shown in _compile(state, transformed, filename, mode):
        value = eval(code, namespace)
        if is_shown and value is not None and not is_quiet:
            _show_result(state, namespace, value, console)


def _compile(state: State, source: str, filename: str, mode: str) -> List[Tuple[Any, bool]]:
    """Return the code of a cell in parts, each with whether its value is to be shown."""
    try:
        tree = compile(source, filename, "exec", ast.PyCF_ONLY_AST | state.futures, True)
        if state.shell is not None:
            tree = state.shell.transform_ast(tree)
        parts = []
        for nodes, is_shown in _split(tree.body, mode):
            if is_shown:
                part = ast.Expression(nodes[0].value)  # type: Any
            else:
                part = ast.parse("")
                part.body = nodes
            code = compile(part, filename, "eval" if is_shown else "exec", state.futures, True)
            state.keep_futures(code.co_flags)
            parts.append((code, is_shown))
        return parts
    except SyntaxError:
        if _awaits(source, filename):
            raise TopLevelAwaitError(_AWAIT) from None
        raise


def _cache(state: State, transformed: str, source: str) -> str:
    """Keep the source where tracebacks and `inspect` find it; return the name it has there."""
    shell = state.shell
    if shell is not None:
        try:
            return str(shell.compile.cache(transformed, state.count, raw_code=source))
        except TypeError:
            # IPython before 8 knows nothing of the raw code.
            return str(shell.compile.cache(transformed, state.count))
    filename = "Cell In[{}]".format(state.count)
    lines = transformed.splitlines(True)
    # Without a time of modification an entry is kept, though no such file exists.
    linecache.cache[filename] = (len(transformed), None, lines, filename)
    return filename


def _awaits(source: str, filename: str) -> bool:
    if not _ALLOW_AWAIT:
        return False
    try:
        compile(source, filename, "exec", _ALLOW_AWAIT, True)
    except SyntaxError:
        return False
    return True


def _split(nodes: List[Any], mode: str) -> List[Tuple[List[Any], bool]]:
    """Part statements into runs, each with whether its value is shown."""
    if mode == "all":
        return [([node], isinstance(node, ast.Expr)) for node in nodes]
    if mode == "none" or not nodes or not isinstance(nodes[-1], ast.Expr):
        return [(nodes, False)]
    return [(nodes[:-1], False), (nodes[-1:], True)]


def _is_quiet(source: str) -> bool:
    """Tell whether a cell ends in a semicolon, which hides its result."""
    if ";" not in source:
        return False
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.DEDENT}
    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token[0] not in skipped:
                last = token[1]
    except (tokenize.TokenError, SyntaxError):
        return False
    return last == ";"


def _show_result(state: State, namespace: Dict[str, Any], value: Any, console: Console) -> None:
    data, metadata = format_value(state.shell, value)
    if data:
        content = {"execution_count": state.count, "data": data, "metadata": metadata}
        console.message("execute_result", content)
    state.store_output(namespace, value)


def _end(state: State, console: Console) -> List[Any]:
    """Show the plots that are still open; a failure of that is not the cell's."""
    try:
        payload = end_of_cell(state.shell)
        figures.show_figures()
        return payload
    except Exception as error:
        lines = describe_error(state.shell, error)["traceback"]
        console.write("stderr", "\n".join(lines) + "\n")
        return []


def _user_expressions(
    state: State, namespace: Dict[str, Any], expressions: Dict[str, str]
) -> Dict[str, Any]:
    results = {}
    for name, expression in expressions.items():
        try:
            value = eval(expression, namespace)
            data, metadata = format_value(state.shell, value)
            results[name] = {"status": "ok", "data": data, "metadata": metadata}
        except BaseException as error:
            results[name] = dict(describe_error(state.shell, error), status="error")
    return results
