"""The history of a session's cells, written to IPython's database while the session is idle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .shell import SlipwayShell

# Seconds after a cell until the cells so far are written.
_PAUSE = 0.3
# Cells that wait for that at most; while one cell follows another without a pause, so many at once.
_MOST_WAITING = 100


class IdleHistory:
    """Has the history written once cells have run, instead of while each of them runs.

    IPython wakes a thread for each cell, which writes to the database and competes with the cell
    for the interpreter: a fifth of the time of a small cell. Whoever reads the history through
    IPython has it written first, and so does the end of the session.
    """

    def __init__(self, shell: SlipwayShell) -> None:
        self._shell = shell
        self._is_due = False
        manager: Any = shell.history_manager
        if manager is None or not manager.enabled:
            return
        manager.db_cache_size = max(manager.db_cache_size, _MOST_WAITING)
        events: Any = shell.events
        events.register("post_run_cell", self._write_soon)

    def _write_soon(self, _result: Any) -> None:
        if self._is_due:
            return
        # The cell may have run on a subshell, whose own loop can end before the pause does.
        loop: Any = getattr(self._shell.kernel, "io_loop", None)
        if loop is None:
            self._write()
            return
        self._is_due = True
        loop.add_callback(loop.call_later, _PAUSE, self._write)

    def _write(self) -> None:
        self._is_due = False
        manager: Any = self._shell.history_manager
        if manager is not None and manager.save_flag is not None:
            manager.save_flag.set()
