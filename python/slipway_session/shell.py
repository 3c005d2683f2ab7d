"""The shell of a session: ipykernel's, whose results know the number of a cell in pieces."""

from __future__ import annotations

from typing import Any

from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.zmqshell import ZMQInteractiveShell
from traitlets import Type

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


class SlipwayShell(ZMQInteractiveShell):
    """ipykernel's shell with the display hook above and streams that last."""

    displayhook_class: Any = Type(SlipwayDisplayHook)
    streams: StreamGuard | None = None

    def number_results(self, cell_number: int | None) -> None:
        """Give results this number; with None, the number that IPython counts."""
        displayhook: Any = self.displayhook
        displayhook.cell_number = cell_number

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
