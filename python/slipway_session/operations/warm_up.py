"""What a session is slow at for the first time, done while it waits for its user.

IPython loads much when it is first needed, and the completer reads the stubs of the standard
library: a first Tab takes twenty times as long as the next. None of it leaves a trace that user
code could see: no history, no number, no name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from IPython.core.completer import provisionalcompleter

from ..errors import InvalidRequestError
from .request import Answer, Arguments
from .session_state import SessionState

if TYPE_CHECKING:
    from ..shell import SlipwayShell


def warm_up(session: SessionState, arguments: Arguments) -> Answer:
    """Do one thing for the first time. They are asked for one by one, as a user may come."""
    step = arguments.text("step")
    if step not in _STEPS:
        raise InvalidRequestError(f"warm_up: there is no step {step}")
    _STEPS[step](session.shell)
    return Answer()


def _run_cell(shell: SlipwayShell) -> None:
    shell.run_cell("None", store_history=False, silent=True)


def _format_result(shell: SlipwayShell) -> None:
    if shell.display_formatter is not None:
        shell.display_formatter.format(2)


def _inspect(shell: SlipwayShell) -> None:
    shell.object_inspect_mime("print")


def _complete(shell: SlipwayShell) -> None:
    if shell.Completer is not None:
        with provisionalcompleter():
            list(shell.Completer.completions("print", len("print")))


_STEPS: dict[str, Callable[[SlipwayShell], None]] = {
    "cell": _run_cell,
    "result": _format_result,
    "inspection": _inspect,
    "completion": _complete,
}
