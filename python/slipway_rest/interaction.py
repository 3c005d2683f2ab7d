"""What a session without a way to ask can say to code that asks."""

import builtins
import getpass
import io
import sys
from typing import Any

_MESSAGE = (
    "this server cannot ask for input: it has the API of R Server 9.1, by which a session has no "
    "way to the notebook. Set a variable instead"
)


class StdinNotImplementedError(NotImplementedError):
    """Code asks for input, which cannot be given. The name is ipykernel's."""


class _NoInput(io.TextIOBase):
    """``sys.stdin`` that explains itself."""

    def readable(self) -> bool:
        return True

    def read(self, size: Any = -1) -> str:
        raise StdinNotImplementedError(_MESSAGE)

    def readline(self, size: Any = -1) -> str:  # type: ignore[override]
        raise StdinNotImplementedError(_MESSAGE)


def _refuse(prompt: Any = "", *arguments: Any, **options: Any) -> str:
    raise StdinNotImplementedError(_MESSAGE)


class NoInput:
    """While it is entered, code that asks for input is told why it gets none."""

    def __init__(self) -> None:
        self._before = ()  # type: Any

    def __enter__(self) -> None:
        self._before = (builtins.input, getpass.getpass, sys.stdin)
        builtins.input = _refuse
        getpass.getpass = _refuse
        sys.stdin = _NoInput()

    def __exit__(self, *failure: Any) -> None:
        builtins.input, getpass.getpass, sys.stdin = self._before
