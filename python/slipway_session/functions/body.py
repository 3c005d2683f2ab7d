"""What the body of a function tells of the types of its parameters and of its result."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_TEXT_METHODS = {
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "split",
    "replace",
    "startswith",
    "endswith",
    "encode",
    "title",
}
_FRAME_ATTRIBUTES = {
    "columns",
    "iloc",
    "loc",
    "assign",
    "drop",
    "dropna",
    "fillna",
    "merge",
    "groupby",
    "iterrows",
}
_VECTOR_ATTRIBUTES = frozenset(
    ["reshape", "shape", "mean", "tolist", "astype", "ravel", "flatten", "append"]
)
_VECTOR_FUNCTIONS = {
    "len",
    "sum",
    "min",
    "max",
    "sorted",
    "list",
    "tuple",
    "set",
    "enumerate",
    "zip",
    "array",
    "asarray",
}
_NUMBER_FUNCTIONS = frozenset(
    ["float", "int", "round", "abs", "sqrt", "exp", "log", "log10", "sin", "cos", "tan", "range"]
)
_RESULT_OF_FUNCTION = {
    "str": "character",
    "repr": "character",
    "int": "integer",
    "len": "integer",
    "float": "numeric",
    "bool": "logical",
    "isinstance": "logical",
    "list": "vector",
    "sorted": "vector",
    "DataFrame": "data.frame",
}
_PREFERENCE = ("data.frame", "character", "vector", "numeric")


def used_type(definition: ast.FunctionDef, name: str) -> str | None:
    """Return the wire type that the use of a parameter suggests, or None when nothing does."""
    found = {
        evidence
        for node in ast.walk(definition)
        for evidence in _evidence(node, name)
        if evidence is not None
    }
    return next((wire_type for wire_type in _PREFERENCE if wire_type in found), None)


def returned_type(definition: ast.FunctionDef) -> str | None:
    """Return the wire type of the result where every return statement shows the same one."""
    types = {_result_type(value) for value in _returned(definition)}
    return types.pop() if len(types) == 1 else None


def returns_value(definition: ast.FunctionDef) -> bool:
    """Tell whether a function has a return statement with a value."""
    return any(
        not (isinstance(value, ast.Constant) and value.value is None)
        for value in _returned(definition)
    )


def _evidence(node: ast.AST, name: str) -> Iterator[str | None]:
    def is_it(part: ast.AST | None) -> bool:
        return isinstance(part, ast.Name) and part.id == name

    if isinstance(node, ast.Attribute) and is_it(node.value):
        yield _attribute_type(node.attr)
    elif isinstance(node, ast.Subscript) and is_it(node.value):
        yield "data.frame" if _is_text(node.slice) else "vector"
    elif isinstance(node, (ast.For, ast.comprehension)) and is_it(node.iter):
        yield "vector"
    elif isinstance(node, ast.Call) and any(map(is_it, node.args)):
        yield _argument_type(_function_name(node.func))
    elif isinstance(node, ast.BinOp) and (is_it(node.left) or is_it(node.right)):
        yield "character" if _is_text(node.left) or _is_text(node.right) else "numeric"
    elif isinstance(node, ast.Compare) and any(map(is_it, [node.left, *node.comparators])):
        sides = [node.left, *node.comparators]
        yield "character" if any(map(_is_text, sides)) else "numeric"
    elif isinstance(node, ast.Dict):
        # The columns of one row: pandas.DataFrame({"hp": [hp], "wt": [wt]})
        for value in node.values:
            if isinstance(value, (ast.List, ast.Tuple)) and any(map(is_it, value.elts)):
                yield "numeric"
    elif isinstance(node, (ast.List, ast.Tuple)) and any(map(is_it, node.elts)):
        # model.predict([[hp, wt]]) takes numbers, model.predict([row]) a row.
        yield "numeric" if len(node.elts) > 1 else None


def _attribute_type(attribute: str) -> str | None:
    if attribute in _TEXT_METHODS:
        return "character"
    if attribute in _FRAME_ATTRIBUTES:
        return "data.frame"
    return "vector" if attribute in _VECTOR_ATTRIBUTES else None


def _argument_type(function: str | None) -> str | None:
    if function in _VECTOR_FUNCTIONS:
        return "vector"
    return "numeric" if function in _NUMBER_FUNCTIONS else None


def _function_name(function: ast.expr) -> str | None:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        return True
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _returned(definition: ast.FunctionDef) -> list[ast.expr]:
    """Collect the values of a function's own return statements."""
    values: list[ast.expr] = []
    pending: list[ast.AST] = list(definition.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            values.append(node.value)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            pending.extend(ast.iter_child_nodes(node))
    return values


def _result_type(value: ast.expr) -> str | None:
    if isinstance(value, ast.JoinedStr):
        return "character"
    if isinstance(value, (ast.Dict, ast.DictComp)):
        return "data.frame"
    if isinstance(value, (ast.List, ast.ListComp, ast.Tuple)):
        return "vector"
    if isinstance(value, ast.Call):
        return _RESULT_OF_FUNCTION.get(_function_name(value.func) or "")
    if isinstance(value, ast.Constant):
        kinds = {bool: "logical", int: "integer", float: "numeric", str: "character"}
        return kinds.get(type(value.value))
    return None
