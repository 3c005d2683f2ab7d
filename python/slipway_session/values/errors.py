"""What can be wrong with a value on its way to JSON or from it."""

from __future__ import annotations


class _ValueAtPathError(ValueError):
    """Names the part of a value that is at fault; the path grows while the error travels out."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason, path)
        self.reason = reason
        self.path = path

    def enclose(self, segment: str) -> None:
        """Put the name, the key or the index of what holds the part before the path."""
        self.path = segment + self.path

    def __str__(self) -> str:
        return f"{self.path or 'the value'} {self.reason}"


class OutputValueError(_ValueAtPathError):
    """A Python value cannot become JSON, or is not of the type that was declared for it."""

    code = "output_value"


class InputValueError(_ValueAtPathError):
    """A JSON value is not of the type that was declared for it."""

    code = "input_value"


class UnknownWireTypeError(ValueError):
    """A parameter is declared with a type that the API does not have."""

    code = "unknown_wire_type"

    def __init__(self, wire_type: str) -> None:
        super().__init__(
            f'"{wire_type}" is not a type of parameters; use integer, numeric, character, logical, '
            "vector, matrix or data.frame"
        )
