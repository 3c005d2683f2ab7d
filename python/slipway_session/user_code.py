"""Expressions of the user, evaluated in the session; what they raise is the user's error."""

from __future__ import annotations

import linecache
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .errors import UserCodeError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def evaluate(shell: InteractiveShell, source: str, label: str) -> Any:
    """Return the value of an expression in the user's namespace.

    ``label`` stands for the file in a traceback. Raises `UserCodeError` whatever the expression
    raises, interrupts and SystemExit included: none of them may end the kernel.
    """
    filename = f"<{label}>"
    expression = source.strip()
    linecache.cache[filename] = (len(expression), None, [expression + "\n"], filename)
    try:
        code = compile(expression, filename, "eval")
        return eval(code, shell.user_global_ns, shell.user_ns)
    except BaseException as error:
        raise UserCodeError(error, format_traceback(shell, error)) from None
    finally:
        linecache.cache.pop(filename, None)


def format_traceback(shell: InteractiveShell, error: BaseException) -> list[str]:
    """Return the lines of a traceback as IPython shows it, from the user's first frame on."""
    try:
        if hasattr(error, "_render_traceback_"):
            return list(error._render_traceback_())
        if isinstance(error, SyntaxError):
            return shell.SyntaxTB.structured_traceback(type(error), error, None)
        return shell.InteractiveTB.structured_traceback(
            type(error), error, _user_frames(error.__traceback__), tb_offset=0
        )
    except Exception:
        # An exception of the user's that cannot even be printed is reported by its type.
        return [type(error).__name__]


def text_of(error: BaseException) -> str:
    """Return what an exception says, though its ``__str__`` be the user's and fail."""
    try:
        return str(error)
    except Exception as failure:
        return f"<its text could not be made: {type(failure).__name__}>"


def _user_frames(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    return traceback
