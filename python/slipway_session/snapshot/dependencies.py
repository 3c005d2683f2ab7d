"""Which global names a piece of code needs from the namespace that it will run in.

The order of statements is followed on the syntax tree, so that a name that the code assigns before
reading it is not needed. What a single statement reads and binds is taken from its bytecode, where
Python's own compiler has already resolved every scope: comprehensions, lambdas, classes, ``global``
and type parameters.
"""

from __future__ import annotations
import __future__

import ast
import dis
import functools
import inspect
import sys
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from .errors import CodeSyntaxError
from .selection import BUILTIN_NAMES

_IMMEDIATE_SCOPES = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})

# The names bound so far; None after a statement that does not go on (return, raise, break).
_Bound = Optional[frozenset]


@dataclass
class CodeNeeds:
    """What a code needs: ``names`` that it reads before it binds them.

    ``assigned`` are the names that it binds at its top level, ``stored`` those that its functions
    bind by ``global``, ``attributes`` all names and attributes that it mentions.
    """

    names: set[str] = field(default_factory=set)
    assigned: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)


def code_needs(code: str, exclude: Iterable[str] = ()) -> CodeNeeds:
    """Find the global names that ``code`` reads before it binds them, builtins left out.

    ``exclude`` are names that are bound already when the code starts, such as declared inputs.
    Reads inside functions that the code defines count too, unless the code binds the name by its
    end. Raises `CodeSyntaxError` for code that is not plain Python.
    """
    try:
        module = ast.parse(code)
        compile(module, "<code>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
        flow = _Flow(module)
        end = flow.block(module.body, frozenset(exclude))
    except SyntaxError as error:
        raise CodeSyntaxError(error) from error
    bound_at_end = flow.needs.assigned if end is None else end
    flow.needs.names |= flow.deferred - bound_at_end - frozenset(exclude)
    flow.needs.names -= BUILTIN_NAMES
    return flow.needs


@functools.lru_cache(maxsize=4096)
def function_globals(code: types.CodeType) -> frozenset[str]:
    """Return the global names that a function's code reads, those of nested functions included."""
    names = set()
    for scope in _scopes(code):
        stored: set[str] = set()
        for instruction in dis.get_instructions(scope):
            operation = instruction.opname
            if operation in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
                if operation == "LOAD_GLOBAL" or instruction.argval not in stored:
                    names.add(instruction.argval)
            elif operation == "STORE_NAME":
                stored.add(instruction.argval)
    return frozenset(names) - BUILTIN_NAMES


@functools.lru_cache(maxsize=4096)
def stored_globals(code: types.CodeType) -> frozenset[str]:
    """Return the global names that a function's code binds, those of nested functions included."""
    return frozenset(
        instruction.argval
        for scope in _scopes(code)
        for instruction in dis.get_instructions(scope)
        if instruction.opname == "STORE_GLOBAL"
    )


@functools.lru_cache(maxsize=4096)
def mentioned_names(code: types.CodeType) -> frozenset[str]:
    """Return every global and attribute name in a function's code, nested functions included."""
    return frozenset(name for scope in _scopes(code) for name in scope.co_names)


def _scopes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _scopes(constant)


def _meet(*branches: _Bound) -> _Bound:
    """Return what is bound whichever of the branches was taken."""
    going_on = [branch for branch in branches if branch is not None]
    return frozenset.intersection(*going_on) if going_on else None


_Loop = Union[ast.For, ast.AsyncFor, ast.While]
_Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef]


class _Flow:
    """Walks statements in order, carrying the set of names that are bound for certain."""

    def __init__(self, module: ast.Module) -> None:
        self.needs = CodeNeeds()
        self.deferred: set[str] = set()
        self._breaks: list[list[frozenset]] = []
        self._flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        for statement in module.body:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                for feature in statement.names:
                    self._flags |= getattr(__future__, feature.name).compiler_flag

    def block(self, statements: list[ast.stmt], bound: _Bound) -> _Bound:
        for statement in statements:
            if bound is None:
                return None
            bound = self._statement(statement, bound)
        return bound

    def _statement(self, node: ast.stmt, bound: frozenset) -> _Bound:
        if isinstance(node, ast.If):
            bound = self._expression(node.test, bound)
            return _meet(self.block(node.body, bound), self.block(node.orelse, bound))
        if isinstance(node, (ast.For, ast.AsyncFor)):
            bound = self._expression(node.iter, bound)
            return self._loop(node, bound, self._target(node.target, bound))
        if isinstance(node, ast.While):
            bound = self._expression(node.test, bound)
            return self._loop(node, bound, bound)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                bound = self._expression(item.context_expr, bound)
                if item.optional_vars is not None:
                    bound = self._target(item.optional_vars, bound)
            return self.block(node.body, bound)
        # Python 3.11 and 3.10 brought these, with the fields of Try and a case of their own.
        if isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
            return self._try(node, bound)
        if type(node).__name__ == "Match":
            return self._match(node, bound)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return self._definition(node, bound)
        if isinstance(node, (ast.Return, ast.Raise, ast.Break, ast.Continue)):
            for value in ast.iter_child_nodes(node):
                if isinstance(value, ast.expr):
                    self._expression(value, bound)
            if isinstance(node, ast.Break):
                self._breaks[-1].append(bound)
            return None
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            return bound | self._assign(_public_names(node.module))
        return self._code(compile(ast.Module([node], []), "", "exec", self._flags, True), bound)

    def _loop(self, node: _Loop, before: frozenset, inside: frozenset) -> _Bound:
        # What the body binds is not certain, since it may run no time at all, except where it is
        # left by break.
        self._breaks.append([])
        self.block(node.body, inside)
        left = self._breaks.pop()
        endless = isinstance(node, ast.While) and _is_true(node.test)
        return _meet(*left, None if endless else self.block(node.orelse, before))

    def _try(self, node: Any, bound: frozenset) -> _Bound:
        tried = self.block(node.body, bound)
        ends = [self.block(node.orelse, tried)]
        for handler in node.handlers:
            caught = bound
            if handler.type is not None:
                caught = self._expression(handler.type, caught)
            if handler.name:
                caught |= self._assign({handler.name})
            after = self.block(handler.body, caught)
            ends.append(None if after is None else after - {handler.name})
        after = _meet(*ends)
        if not node.finalbody:
            return after
        final = self.block(node.finalbody, bound)
        return None if final is None or after is None else after | final

    def _match(self, node: Any, bound: frozenset) -> _Bound:
        bound = self._expression(node.subject, bound)
        ends: list[_Bound] = [bound]
        for case in node.cases:
            inside = bound
            for part in ast.walk(case.pattern):
                captured = getattr(part, "name", None) or getattr(part, "rest", None)
                if captured:
                    inside |= self._assign({captured})
                if isinstance(part, ast.expr):
                    inside = self._expression(part, inside)
            if case.guard is not None:
                inside = self._expression(case.guard, inside)
            ends.append(self.block(case.body, inside))
        return _meet(*ends)

    def _definition(self, node: _Definition, bound: frozenset) -> frozenset:
        code = compile(ast.Module([node], []), "", "exec", self._flags, True)
        # The name of a decorated or recursive definition is bound before anyone can call it.
        bound = self._code(code, bound, own=node.name)
        return bound | self._assign({node.name})

    def _target(self, target: ast.expr, bound: frozenset) -> frozenset:
        statement = ast.Assign([target], ast.Constant(None))
        ast.fix_missing_locations(ast.copy_location(statement, target))
        return self._code(
            compile(ast.Module([statement], []), "", "exec", self._flags, True), bound
        )

    def _expression(self, expression: ast.expr, bound: frozenset) -> frozenset:
        return self._code(compile(ast.Expression(expression), "", "eval", self._flags, True), bound)

    def _code(self, code: types.CodeType, bound: frozenset, own: str | None = None) -> frozenset:
        """Follow one scope that runs now; functions made in it are read later."""
        self.needs.attributes.update(code.co_names)
        for instruction in dis.get_instructions(code):
            operation, name = instruction.opname, instruction.argval
            if operation in ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"):
                if name not in bound:
                    self.needs.names.add(name)
            elif operation in ("STORE_NAME", "STORE_GLOBAL"):
                bound |= self._assign({name})
            elif operation in ("DELETE_NAME", "DELETE_GLOBAL"):
                if name not in bound:
                    self.needs.names.add(name)
                bound -= {name}
            elif isinstance(name, types.CodeType):
                bound = self._nested(name, bound, own)
        return bound

    def _nested(self, code: types.CodeType, bound: frozenset, own: str | None) -> frozenset:
        is_class = not code.co_flags & inspect.CO_OPTIMIZED
        if code.co_name in _IMMEDIATE_SCOPES:
            # Its own variables are fast locals; what it stores by name belongs to the code around.
            return self._code(code, bound, own)
        if is_class:
            self._class_body(code, bound, own)
        else:
            self.needs.attributes |= mentioned_names(code)
            self.needs.stored |= stored_globals(code)
            self.deferred |= function_globals(code) - bound - {own}
        return bound

    def _class_body(self, code: types.CodeType, bound: frozenset, own: str | None) -> None:
        # What a class body binds is local to it, and not seen by its methods.
        assigned = set(self.needs.assigned)
        body = code.replace(co_consts=tuple(_without_code(code.co_consts)))
        self._code(body, bound | {"__name__", "__module__", "__qualname__"})
        self.needs.assigned = assigned
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._nested(constant, bound, own)

    def _assign(self, names: set[str]) -> frozenset:
        self.needs.assigned |= names
        return frozenset(names)


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)


def _without_code(constants: tuple) -> Iterator[object]:
    for constant in constants:
        yield None if isinstance(constant, types.CodeType) else constant


def _public_names(module_name: str | None) -> set[str]:
    """Return what ``from module import *`` binds, as far as the module is loaded here."""
    module = sys.modules.get(module_name or "")
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return set(listed)
    return {name for name in vars(module) if not name.startswith("_")} if module else set()
