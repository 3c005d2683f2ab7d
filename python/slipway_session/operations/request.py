"""The arguments of a request, read with care since they come from outside, and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, Callable, Union

from ..errors import InvalidNameError, InvalidRequestError

if TYPE_CHECKING:
    from .session_state import SessionState

Buffer = Union[bytes, memoryview]


@dataclass(frozen=True)
class Answer:
    """The result of an operation, as JSON, and the bytes that go beside it."""

    result: dict[str, Any] = field(default_factory=dict)
    buffers: Sequence[Buffer] = ()


@dataclass(frozen=True)
class Operation:
    """An operation, and whether it may be asked on control, where it runs beside user code."""

    run: Callable[[SessionState, Arguments], Answer]
    is_safe_beside_cells: bool = False


class Arguments:
    """Arguments by name. Every method raises `InvalidRequestError` naming what is wrong."""

    def __init__(
        self,
        operation: str,
        content: Mapping[str, Any],
        buffers: Sequence[Buffer] = (),
        client: str = "",
    ) -> None:
        self._operation = operation
        self._content = content
        self._buffers = buffers
        # The Jupyter session id of who asks.
        self.client = client

    def text(self, name: str) -> str:
        """Return a string that must be there."""
        return self._checked(name, str, "a string")

    def optional_text(self, name: str) -> str | None:
        """Return a string, or None where it is left out."""
        return self.text(name) if self._content.get(name) is not None else None

    def whole_number(self, name: str) -> int:
        """Return an integer."""
        value = self._checked(name, int, "an integer")
        if isinstance(value, bool):
            raise self._invalid(f"{name} must be an integer")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a boolean."""
        return self._checked(name, bool, "a boolean") if name in self._content else default

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object; empty where it is left out."""
        return self._checked(name, dict, "an object") if name in self._content else {}

    def texts_by_name(self, name: str) -> dict[str, str]:
        """Return an object of strings; empty where it is left out."""
        texts = self.mapping(name)
        for key, value in texts.items():
            if not isinstance(value, str):
                raise self._invalid(f"{name}.{key} must be a string")
        return texts

    def texts(self, name: str) -> list[str]:
        """Return an array of strings; empty where it is left out."""
        if self._content.get(name) is None:
            return []
        values = self._checked(name, list, "an array of strings")
        if not all(isinstance(value, str) for value in values):
            raise self._invalid(f"{name} must be an array of strings")
        return values

    def optional_texts(self, name: str) -> list[str] | None:
        """Return an array of strings, or None where it is left out."""
        return self.texts(name) if self._content.get(name) is not None else None

    def buffer(self) -> Buffer:
        """Return the one buffer of the request."""
        if len(self._buffers) != 1:
            raise self._invalid(f"it takes one buffer and got {len(self._buffers)}")
        return self._buffers[0]

    def _checked(self, name: str, kind: type, expected: str) -> Any:
        value = self._content.get(name)
        if not isinstance(value, kind):
            raise self._invalid(f"{name} must be {expected}")
        return value

    def _invalid(self, problem: str) -> InvalidRequestError:
        return InvalidRequestError(f"{self._operation}: {problem}")


def require_name(name: str) -> None:
    """Raise `InvalidNameError` unless Python code can use ``name``."""
    if not name.isidentifier() or iskeyword(name):
        raise InvalidNameError(name)
