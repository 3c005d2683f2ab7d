"""Cells that the notebook's kernel runs piece by piece, because they hold magics of its own.

Its pieces are executed without history; `begin` and `end` make them one cell in the session's eyes:
one number, one entry of the history.
"""

from __future__ import annotations

from .request import Answer, Arguments
from .session_state import SessionState


def continue_count(session: SessionState, arguments: Arguments) -> Answer:
    """Give the next cell a number, where another session counted the cells before it.

    The counter never goes back. ``In`` gets empty entries, so that ``In[n]`` is that of cell n.
    """
    shell = session.shell
    missing = arguments.whole_number("executionCount") - shell.execution_count
    if missing > 0:
        if shell.history_manager is not None:
            shell.history_manager.input_hist_parsed.extend([""] * missing)
            shell.history_manager.input_hist_raw.extend([""] * missing)
        shell.execution_count += missing
    return Answer({"executionCount": shell.execution_count})


def begin(session: SessionState, arguments: Arguments) -> Answer:
    """Return the number of the cell that begins; keep its source as input when asked."""
    shell = session.shell
    code = arguments.text("code")
    if arguments.flag("storeHistory") and shell.history_manager is not None:
        try:
            transformed = shell.transform_cell(code)
        except SyntaxError:
            # The cell says so when the piece that is to blame runs.
            transformed = code
        shell.history_manager.store_inputs(shell.execution_count, transformed, code)
    shell.begin_pieces(code, shell.execution_count)
    return Answer({"executionCount": shell.execution_count})


def end(session: SessionState, arguments: Arguments) -> Answer:
    """Advance the counter when the cell counts; return the number of the next cell."""
    shell = session.shell
    shell.end_pieces()
    if arguments.flag("storeHistory"):
        if shell.history_manager is not None:
            shell.history_manager.store_output(shell.execution_count)
        shell.execution_count += 1
    return Answer({"executionCount": shell.execution_count})
