"""The shell of a session: ipykernel's, which takes a cell that runs in pieces for one."""

from __future__ import annotations

import linecache
from typing import Any

from ipykernel.compiler import XCachingCompiler, get_file_name
from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.events import EventManager, available_events
from traitlets import Type

from .history import IdleHistory
from .streams import StreamGuard


class SlipwayDisplayHook(ZMQShellDisplayHook):
    """ipykernel's display hook; while a cell runs in pieces, results carry that cell's number."""

    # The pieces run without history. IPython 9.2 and newer then takes their results for those of
    # the cell before.
    cell_number: int | None = None

    @property
    def prompt_count(self) -> int:
        """The number of the cell that a result belongs to."""
        return super().prompt_count if self.cell_number is None else self.cell_number


class SlipwayCompiler(XCachingCompiler):
    """ipykernel's compiler; while a cell runs in pieces, all are of that cell's file.

    A front end sets breakpoints in the file that is named after the whole source of the cell. The
    pieces have the cell's own line numbers.
    """

    cell: str | None = None

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """Return the name of the file of a cell, or of the cell that a piece belongs to."""
        return get_file_name(raw_code if self.cell is None else self.cell)

    def cache(self, *arguments: Any, **named: Any) -> str:
        """Keep the source for tracebacks; for a piece, that of the whole cell."""
        name: str = super().cache(*arguments, **named)
        if self.cell is not None:
            lines = [line + "\n" for line in self.cell.splitlines()]
            linecache.cache[name] = (len(self.cell), None, lines, name)
        return name


class SlipwayEvents(EventManager):
    """IPython's events; those around a cell are not for a comm that is handled beside one.

    Callbacks of comms are bracketed like cells. In the middle of a cell that would have matplotlib
    show and close the figure that the cell is drawing.
    """

    def trigger(self, event: str, *args: Any, **kwargs: Any) -> None:
        """Call who has registered for an event."""
        if event in ("pre_execute", "post_execute"):
            shell: Any = self.shell
            if shell.kernel.handles_comm_beside_cell:
                return
        super().trigger(event, *args, **kwargs)


class SlipwayShell(ZMQInteractiveShell):
    """ipykernel's shell with the display hook and the compiler above, and streams that last."""

    displayhook_class: Any = Type(SlipwayDisplayHook)
    streams: StreamGuard | None = None

    def __init__(self, **settings: Any) -> None:
        # ipykernel names its own compiler when it makes the shell.
        super().__init__(**{**settings, "compiler_class": SlipwayCompiler})

    def init_events(self) -> None:
        """Have the history, which is there by now, written when there is time."""
        super().init_events()
        events: Any = SlipwayEvents(self, available_events)
        events.callbacks = self.events.callbacks
        self.events = events
        IdleHistory(self)

    def begin_pieces(self, code: str, cell_number: int) -> None:
        """Take what runs from now on for pieces of this cell."""
        self._take_for_pieces(code, cell_number)

    def end_pieces(self) -> None:
        """Take what runs from now on for whole cells, with the numbers that IPython counts."""
        self._take_for_pieces(None, None)

    def _take_for_pieces(self, code: str | None, cell_number: int | None) -> None:
        displayhook: Any = self.displayhook
        displayhook.cell_number = cell_number
        compiler: Any = self.compile
        compiler.cell = code

    def set_parent(self, parent: Any) -> None:
        """Name the request that output belongs to from now on."""
        super().set_parent(parent)
        if self.streams is not None:
            self.streams.set_parent(parent)

    def _showtraceback(self, *args: Any) -> None:
        # It flushes both streams first. Without them the error would get lost on its way.
        if self.streams is not None:
            self.streams.mend()
        super()._showtraceback(*args)
