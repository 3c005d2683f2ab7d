"""The names that completion can offer without asking the interpreter, which may be busy then."""

from __future__ import annotations

import builtins
import keyword
from types import ModuleType
from typing import Any

from .request import Answer, Arguments
from .session_state import SessionState

# What a person can choose from is far less; these keep the answer below a megabyte.
_MOST_NAMES = 5000
_MOST_MEMBERS = 2000
_MOST_MEMBERS_IN_ALL = 50_000


def known_names(session: SessionState, arguments: Arguments) -> Answer:
    """List Python's keywords, the workspace's names, and the members of modules and classes.

    The members stand under the name of their module or class (``module numpy``, and ``module
    builtins`` in any case); those that the caller says it has (``known``) are left out. No code of
    the user's runs: no ``dir()``, no property. Safe beside a running cell: it reads copies.
    """
    known = set(arguments.texts("known"))
    names: dict[str, dict[str, Any]] = {}
    members: dict[str, list[str]] = {}
    room = _MOST_MEMBERS_IN_ALL
    values = [("", builtins), *list(session.namespace.copy().items())[:_MOST_NAMES]]
    for name, value in values:
        if not isinstance(name, str) or name.startswith("_"):
            continue
        kind, key = _kind(value)
        if name.isidentifier():
            names[name] = {"kind": kind, "members": key}
        if key in known or key in members:
            continue
        found = _members(value)[: min(room, _MOST_MEMBERS)]
        members[key] = found
        room -= len(found)
    return Answer({"keywords": keyword.kwlist, "names": names, "members": members})


def _kind(value: Any) -> tuple[str, str]:
    """Return what a value is, and the name of the set of its members."""
    # By type: isinstance() and attributes would ask the object itself, which may be any code.
    kind = type(value)
    if issubclass(kind, ModuleType):
        return "module", f"module {_own(value).get('__name__')}"
    if issubclass(kind, type):
        return "class", f"class {_full_name(value)}"
    return ("function" if _is_function(kind) else "instance"), f"class {_full_name(kind)}"


def _is_function(kind: type) -> bool:
    return type.__getattribute__(kind, "__name__") in (
        "function",
        "builtin_function_or_method",
        "method",
        "type",
    )


def _full_name(kind: type) -> str:
    # The identity tells classes apart that a cell defined again under the same name.
    module = type.__getattribute__(kind, "__dict__").get("__module__", "builtins")
    return f"{module}.{type.__getattribute__(kind, '__name__')} {id(kind)}"


def _members(value: Any) -> list[str]:
    kind = type(value)
    if issubclass(kind, ModuleType):
        return _public(_own(value))
    names: set[str] = set()
    described = value if issubclass(kind, type) else kind
    for base in type.__getattribute__(described, "__mro__"):
        names.update(_public(type.__getattribute__(base, "__dict__")))
    return sorted(names)


def _own(module: ModuleType) -> dict[str, Any]:
    return object.__getattribute__(module, "__dict__")


def _public(namespace: Any) -> list[str]:
    # Some module is always being imported by a thread: its dictionary may change meanwhile.
    return sorted(
        name for name in list(namespace) if isinstance(name, str) and not name.startswith("_")
    )
