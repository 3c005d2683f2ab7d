"""Which names one save takes: all of the user's, those asked for, or those that a code needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from types import FunctionType
from typing import Any

from .dependencies import CodeNeeds, code_needs
from .errors import UnknownNamesError
from .selection import BUILTIN_NAMES, is_user_name


class Choice:
    """The names to save. For a code it grows while functions are found to need more of them.

    ``follows`` tells whether it grows; ``attributes`` are the names that appear in the code
    followed so far, None when it is not known which code will run; ``missing`` are names that the
    code needs and that neither exist nor are builtins.
    """

    def __init__(self, candidates: list[str], names: Iterable[str], excluded: frozenset[str]):
        self.candidates = candidates
        self.excluded = excluded
        self.follows = False
        self.attributes: set[str] | None = None
        self.missing: set[str] = set()
        self._known = set(candidates)
        self._names = {name: None for name in names if name not in excluded}
        self._bound: set[str] = set()

    @classmethod
    def all(cls, namespace: dict[str, Any], excluded: frozenset[str]) -> Choice:
        """Choose all names of the user."""
        candidates = _user_names(namespace)
        return cls(candidates, candidates, excluded)

    @classmethod
    def these(
        cls, namespace: dict[str, Any], names: Iterable[str], excluded: frozenset[str]
    ) -> Choice:
        """Choose only these names. Raises `UnknownNamesError`."""
        wanted = list(dict.fromkeys(names))
        unknown = [name for name in wanted if name not in namespace]
        if unknown:
            raise UnknownNamesError(unknown)
        return cls(wanted, wanted, excluded)

    @classmethod
    def for_code(cls, namespace: dict[str, Any], code: str, excluded: frozenset[str]) -> Choice:
        """Choose what a code needs. Raises `CodeSyntaxError`."""
        needs: CodeNeeds = code_needs(code, excluded)
        choice = cls(_user_names(namespace), (), excluded)
        choice.follows = True
        choice.attributes = set(needs.attributes)
        choice.require(needs.names, stores=needs.stored)
        # From here on it is functions that read: the code has bound these when it calls them.
        choice._bound |= needs.assigned
        return choice

    def __iter__(self) -> Iterator[str]:
        """Go through the names, those included that are added on the way."""
        done = 0
        while done < len(self._names):
            for name in list(self._names)[done:]:
                done += 1
                yield name

    def require(self, names: Set[str], *, stores: Set[str]) -> None:
        """Add names that a piece of code reads; those that it ``stores`` itself are not missed."""
        self._bound |= stores
        for name in sorted(names - self._names.keys() - self.excluded):
            if name in self._known:
                self._names[name] = None
            elif name not in self._bound and name not in BUILTIN_NAMES:
                self.missing.add(name)

    def definitions(self, namespace: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the candidates that are functions or classes."""
        for name in self.candidates:
            value = namespace[name]
            if name not in self.excluded and isinstance(value, (FunctionType, type)):
                yield name, value


def _user_names(namespace: dict[str, Any]) -> list[str]:
    return [name for name, value in namespace.items() if is_user_name(name, value)]
