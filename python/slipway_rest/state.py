"""What the package knows of its session from request to request."""

import __future__

import os
import sys
from types import FunctionType
from typing import Any, Dict, List

from .console import Writer
from .formats import Display
from .shell import active_shell

_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag


class State:
    """Counter, history and streams of a session. Its attributes outlive the package's version."""

    def __init__(self) -> None:
        # The number of the next cell.
        self.count = 1
        self.inputs = [""]  # type: List[str]
        self.outputs = {}  # type: Dict[int, Any]
        self.directory = os.getcwd()
        self.futures = 0
        # Files that were left for the kernel to fetch.
        self.parcels = []  # type: List[str]
        self.stdout = Writer("stdout", sys.stdout)
        self.stderr = Writer("stderr", sys.stderr)
        self.display = Display()

    @property
    def shell(self) -> Any:
        """The session's IPython, None where it has none."""
        return active_shell()

    def keep_futures(self, flags: int) -> None:
        """Remember the ``from __future__`` imports of a compiled cell."""
        self.futures |= flags & _FUTURES

    def name_history(self, namespace: Dict[str, Any]) -> None:
        """Put the history under the names that notebooks use."""
        namespace.update({"In": self.inputs, "_ih": self.inputs})
        namespace.update({"Out": self.outputs, "_oh": self.outputs})

    def store_input(self, namespace: Dict[str, Any], source: str) -> None:
        """Keep the source of the cell that begins."""
        self.inputs.extend([""] * (self.count + 1 - len(self.inputs)))
        self.inputs[self.count] = source
        recent = [""] * 3 + self.inputs[: self.count]
        namespace.update({"_i": recent[-1], "_ii": recent[-2], "_iii": recent[-3]})
        namespace["_i{}".format(self.count)] = source

    def store_output(self, namespace: Dict[str, Any], value: Any) -> None:
        """Keep the result of the running cell."""
        self.outputs[self.count] = value
        namespace["___"] = namespace.get("__", "")
        namespace["__"] = namespace.get("_", "")
        namespace["_"] = value
        namespace["_{}".format(self.count)] = value


# Names that the kernel is told, to complete from while a cell runs.
_MOST_NAMES = 2000
_NOT_THE_USERS = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})


def user_names(namespace: Dict[str, Any]) -> Dict[str, List[str]]:
    """Return the names that the user knows of, sorted, and those of them that are functions."""
    names = namespace.copy()
    known = sorted(
        name
        for name in names
        if isinstance(name, str) and not name.startswith("_") and name not in _NOT_THE_USERS
    )[:_MOST_NAMES]
    functions = [name for name in known if isinstance(names[name], FunctionType)]
    return {"names": known, "functions": functions}
