"""Which values are functions that a service can be made from, and why others are not."""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any

from ..errors import NotPublishableError


def publishable_function(value: Any, expression: str) -> types.FunctionType:
    """Return the plain function that ``value`` is, or wraps. Raises `NotPublishableError`."""
    reason = _kind_reason(value)
    if reason is None:
        function = inspect.unwrap(value)
        reason = _kind_reason(function) or _function_reason(function)
        if reason is None:
            return function
    raise NotPublishableError(f"{expression} cannot be published: {reason}")


def _kind_reason(value: Any) -> str | None:
    if isinstance(value, types.FunctionType):
        return None
    wrap = "write a function with def that calls it"
    if inspect.isclass(value):
        return f"it is a class; {wrap}"
    if inspect.ismethod(value):
        return f"it is a method, bound to an object; {wrap}"
    if inspect.isroutine(value) and not hasattr(value, "__wrapped__"):
        return f"it is built in, and has no Python source; {wrap}"
    if isinstance(value, functools.partial):
        return f"it is a functools.partial; {wrap}"
    if isinstance(getattr(value, "__wrapped__", None), types.FunctionType):
        # What decorators such as functools.lru_cache return.
        return None
    if callable(value):
        return f"it is an object of type {type(value).__name__} that can be called; {wrap}"
    return f"it is a value of type {type(value).__name__}, not a function; define one with def"


def _function_reason(function: types.FunctionType) -> str | None:
    parent = function.__qualname__.rpartition(".")[0]
    if function.__name__ == "<lambda>":
        return "it is a lambda, which has no name; define a function with def"
    if parent and not parent.endswith("<locals>"):
        return f"it is a method of {parent}; write a function with def that calls it"
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "it is asynchronous; define it with def, and use asyncio.run(...) inside"
    if inspect.isgeneratorfunction(function):
        return "it is a generator; return a list instead of using yield"
    captured = function.__code__.co_freevars
    if captured:
        return (
            f"it uses {', '.join(captured)} of the function that made it, which its source lacks; "
            "define it at the top level of a cell"
        )
    return None
