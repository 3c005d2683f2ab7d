"""The unpickler of snapshots: binds what depends on the place of the restore."""

from __future__ import annotations

import builtins
import io
import os
import pickle
import types
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Callable

from . import rebuild


class SnapshotUnpickler(pickle.Unpickler):
    """Unpickles one group over a live namespace.

    ``definition`` returns the function or class that the snapshot holds under a name, loading its
    group first where needed.
    """

    def __init__(
        self,
        file: IO[bytes],
        buffers: Iterable[Any],
        namespace: dict[str, Any],
        workdir: Path,
        definition: Callable[[str], Any],
    ) -> None:
        super().__init__(file, buffers=buffers)
        self._namespace = namespace
        self._workdir = workdir
        self._definition = definition
        self._bound = {
            "function_over_namespace": self._function,
            "named_definition": definition,
            "reopen_file": self._reopen,
        }

    def find_class(self, module: str, name: str) -> Any:
        """Find what the pickle names, in this restore, in the notebook, or by import."""
        if module == rebuild.__name__ and name in self._bound:
            return self._bound[name]
        if module == "__main__":
            first, *rest = name.split(".")
            found = self._definition(first)
            for part in rest:
                found = getattr(found, part)
            return found
        return super().find_class(module, name)

    def _function(
        self, code: types.CodeType, cells: tuple[types.CellType, ...] | None
    ) -> types.FunctionType:
        self._namespace.setdefault("__builtins__", builtins)
        return types.FunctionType(code, self._namespace, None, None, cells)

    def _reopen(self, path: str, inside: bool, how: dict[str, Any]) -> io.IOBase:
        place = os.path.join(self._workdir, path) if inside else path
        return rebuild.open_unchanged(place, how)
