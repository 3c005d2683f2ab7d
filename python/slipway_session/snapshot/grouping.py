"""Which names share objects, and so have to be saved together to keep that."""

from __future__ import annotations

import builtins
import datetime
import decimal
import enum
import fractions
import logging
import pathlib
import re
import sys
import types
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

_IMMUTABLE = (
    *(str, bytes, tuple, frozenset, int, float, complex, bool, range, slice, type(None)),
    *(types.CodeType, types.ModuleType, types.BuiltinFunctionType, types.MethodType),
    *(datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo),
    *(decimal.Decimal, fractions.Fraction, uuid.UUID, pathlib.PurePath, re.Pattern),
    *(enum.Enum, logging.Logger, type(builtins), types.MethodWrapperType),
)


class _Sharing(dict):
    """Whether instances of a type can be changed in one place and seen changed in another."""

    def __init__(self) -> None:
        super().__init__()
        immutable: list[type] = list(_IMMUTABLE)
        numpy = sys.modules.get("numpy")
        if numpy is not None and hasattr(numpy, "generic"):
            immutable += [numpy.generic, numpy.dtype]
        pandas = sys.modules.get("pandas")
        if pandas is not None and hasattr(pandas, "Index"):
            immutable += [pandas.Index, pandas.api.extensions.ExtensionDtype]
        self._immutable = tuple(immutable)

    def __missing__(self, kind: type) -> bool:
        shares = not issubclass(kind, self._immutable) and kind.__module__ != "typing"
        self[kind] = shares
        return shares


class ShareFinder:
    """Finds which names reach the same changeable object, from the memos of their pickles.

    The pickler has visited every object already, in C; its memo says which.
    """

    def __init__(self) -> None:
        self._sharing = _Sharing()
        self._first_owner: dict[int, str] = {}
        self._union = UnionFind()

    def add(self, name: str, memo: Mapping[int, tuple[int, Any]], by_value: set[int]) -> None:
        """Note what ``name`` reaches; the objects must stay alive until the groups are known."""
        sharing = self._sharing
        reached = {
            identity
            for identity, (_, obj) in memo.items()
            if sharing[type(obj)]
            and (identity in by_value or not isinstance(obj, (type, types.FunctionType)))
        }
        self._union.add(name)
        for identity in self._first_owner.keys() & reached:
            self._union.join(self._first_owner[identity], name)
        for identity in reached - self._first_owner.keys():
            self._first_owner[identity] = name

    def groups(self, references: Mapping[str, Iterable[str]]) -> list[list[str]]:
        """Return the groups, in the order in which their first names were added.

        ``references`` says which definitions each name refers to by name. Groups that refer to each
        other in a circle become one, since neither could be loaded first.
        """
        while True:
            owner_of = self._union.find
            graph: dict[str, set[str]] = {name: set() for name in map(owner_of, self._union.names)}
            for name, targets in references.items():
                if name in self._union:
                    graph[owner_of(name)] |= {owner_of(t) for t in targets if t in self._union}
            circles = [circle for circle in _circles(graph) if len(circle) > 1]
            if not circles:
                break
            for first, *others in circles:
                for other in others:
                    self._union.join(first, other)
        grouped: dict[str, list[str]] = {}
        for name in self._union.names:
            grouped.setdefault(self._union.find(name), []).append(name)
        return list(grouped.values())


class UnionFind:
    """Disjoint sets of names, with path halving; the older root wins."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    @property
    def names(self) -> list[str]:
        """All names, in the order added."""
        return list(self._parent)

    def __contains__(self, name: str) -> bool:
        return name in self._parent

    def add(self, name: str) -> None:
        """Add a name as a set of its own."""
        self._parent.setdefault(name, name)

    def find(self, name: str) -> str:
        """Return the name that stands for the set of ``name``."""
        parent = self._parent
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    def join(self, one: str, other: str) -> None:
        """Make one set of two."""
        self._parent[self.find(other)] = self.find(one)


def _circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected components of a graph (Tarjan, without recursion)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    components = []
    for root in graph:
        if root in order:
            continue
        work = [(root, iter(graph[root]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(graph[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], order[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    components.append(component)
    return components
