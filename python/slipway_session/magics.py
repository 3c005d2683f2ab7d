"""Stand-ins for Slipway's magics, which the notebook's kernel runs before a cell gets here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

NAMES = (
    "connect",
    "session",
    "snapshot",
    "publish",
    "consume",
    "services",
    "service",
    "swagger",
    "files",
    "workspace",
    "status",
    "help",
)


class UsageError(Exception):
    """A magic is used where it cannot work.

    Not IPython's class of this name: IPython prints that one to stderr, without an ``error``
    message, and a cell that has failed must say so.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"UsageError: {self}"]


def register_stand_ins(shell: InteractiveShell) -> None:
    """Register line and cell magics that explain themselves; IPython's own are never replaced."""
    for kind, prefix in (("line", "%"), ("cell", "%%")):
        for name in NAMES:
            if shell.find_magic(name, kind) is None:
                stand_in: Any = _stand_in(prefix + name)
                shell.register_magic_function(stand_in, kind, name)


def _stand_in(written: str) -> Callable[..., None]:
    def explain(*arguments: Any) -> None:
        raise UsageError(
            f"{written} belongs at the top level of a cell, not inside an indented block or under "
            "another magic"
        )

    explain.__doc__ = f"{written} is run by the notebook's kernel, at the top level of a cell."
    return explain
