"""The source of a function, as code that defines it in a service."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterable, Mapping
from types import FunctionType
from typing import Any

from ..errors import NotPublishableError


def function_definition(function: FunctionType) -> ast.FunctionDef:
    """Return the syntax tree of a function. Raises `NotPublishableError` without a source."""
    try:
        lines = inspect.getsource(function)
    except (OSError, TypeError):
        raise NotPublishableError(
            f"the source of {function.__name__} is not known, since no cell of this session "
            "defines it; run the cell that defines it"
        ) from None
    try:
        node = ast.parse(_dedent(lines)).body[0]
    except (SyntaxError, IndexError):
        node = None
    # `if True:` carries a body whose lines cannot be moved.
    if isinstance(node, ast.If):
        node = node.body[0]
    if not isinstance(node, ast.FunctionDef):
        raise NotPublishableError(
            f"the source of {function.__name__} cannot be told from the lines around it; define it "
            "with def on a line of its own"
        )
    return node


def function_source(
    value: Any,
    function: FunctionType,
    namespace: Mapping[str, Any],
    conversions: Iterable[str],
) -> str:
    """Return code that defines the function, and the lines that prepare its inputs.

    A function of the notebook is given by its definition. Decorators that wrap it are part of what
    it does and stay; those that handed the function itself back, such as registrations, are left
    out. A function of a module is imported: its source would miss the names of its module.
    """
    if function.__globals__ is namespace or function.__module__ == "__main__":
        source = _own_source(function, keep_decorators=value is not function)
    else:
        source = _import_line(value, function)
    return "\n".join([source, *_separated(conversions)])


def _separated(lines: Iterable[str]) -> list[str]:
    unique = list(dict.fromkeys(lines))
    imports = [line for line in unique if line.startswith("import ")]
    rest = [line for line in unique if line not in imports]
    return ["", *imports, *rest] if unique else []


def _own_source(function: FunctionType, keep_decorators: bool) -> str:
    definition = function_definition(function)
    if any(
        isinstance(node, ast.Name) and node.id == "get_ipython" for node in ast.walk(definition)
    ):
        raise NotPublishableError(
            f"{function.__name__} uses magics or shell commands of IPython, which a service does "
            "not have; write them in Python"
        )
    lines = _dedent(inspect.getsource(function)).splitlines()
    first = definition.lineno - 1
    if keep_decorators and definition.decorator_list:
        first = min(decorator.lineno for decorator in definition.decorator_list) - 1
    prefix = lines[:1] if lines[0] == _CARRIER else []
    return "\n".join([*prefix, *lines[first : definition.end_lineno]])


_CARRIER = "if True:"


def _dedent(source: str) -> str:
    """Move a definition to the left margin.

    Where the lines of a text in it do not allow that, a line before it carries the indentation.
    """
    if not source[:1].isspace():
        return source
    moved = textwrap.dedent(source)
    return moved if not moved[:1].isspace() else f"{_CARRIER}\n{source}"


def _import_line(value: Any, function: FunctionType) -> str:
    module, name = function.__module__, function.__name__
    if getattr(sys.modules.get(module), name, None) is not value:
        raise NotPublishableError(
            f"{name} belongs to {module} and cannot be imported from there; define a function in "
            "the notebook that calls it"
        )
    return f"from {module} import {name}"
