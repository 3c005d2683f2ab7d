"""Which thread handles the next message of a comm, such that no message overtakes another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Optional

# The id of a subshell; None is the main shell, as in ipykernel.
Lane = Optional[str]


class CommLanes:
    """Assigns the messages of comms to the main shell or to a subshell.

    Widgets belong on the main shell, whose thread their user's cells run on, and that is where
    their messages go while it is free. While a cell keeps it from taking any they go to the
    subshell that the sender named. A comm some of whose messages wait in a lane stays there: its
    messages are handled in the order in which they came.

    Messages are assigned in one thread and handled in others.
    """

    def __init__(self, awaiting_cells_give_way: bool) -> None:
        """Begin with a free main shell.

        ``awaiting_cells_give_way`` tells whether comms are handled on the main shell while a cell
        there awaits something, as they are since ipykernel 7.4.
        """
        self._awaiting_cells_give_way = awaiting_cells_give_way
        self._lock = threading.Lock()
        self._cells = 0
        self._is_awaiting = False
        # For each comm how many messages wait in which lane; its next message goes to the first.
        self._waiting: dict[str, dict[Lane, int]] = {}

    def cell_sent(self) -> None:
        """Count a cell, or what else may run user code, that goes to the main shell."""
        with self._lock:
            self._cells += 1

    def cell_ended(self) -> None:
        """Take back what `cell_sent` has counted."""
        with self._lock:
            self._cells -= 1

    @contextmanager
    def cell_that_awaits(self) -> Iterator[None]:
        """Say that the cell on the main shell is one that awaits, to the end of the context.

        What it waits for may be a callback of a comm, and must then be told in its own thread.
        """
        self._is_awaiting = True
        try:
            yield
        finally:
            self._is_awaiting = False

    @property
    def has_cells(self) -> bool:
        """Whether a cell runs on the main shell, or waits there for its turn."""
        return self._cells > 0

    def assign(self, comm: str, named: Lane, exists: Callable[[str], bool]) -> Lane:
        """Return the lane for a message of a comm, and count it there until it is `handled`.

        ``named`` is the lane that the sender names. A subshell that is not there any more has
        handled all that it ever will.
        """
        with self._lock:
            waiting = self._waiting.setdefault(comm, {})
            for gone in [lane for lane in waiting if lane is not None and not exists(lane)]:
                del waiting[gone]
            lane: Lane = None
            if waiting:
                lane = next(iter(waiting))
            elif named is not None and self._is_main_busy() and exists(named):
                lane = named
            waiting[lane] = waiting.get(lane, 0) + 1
            return lane

    def assign_to(self, comm: str, lane: Lane) -> None:
        """Count a message that goes to ``lane`` in any case: a reply that is waited for there."""
        with self._lock:
            waiting = self._waiting.setdefault(comm, {})
            waiting[lane] = waiting.get(lane, 0) + 1

    def handled(self, comm: str, lane: Lane) -> None:
        """Take back what `assign` or `assign_to` has counted."""
        with self._lock:
            waiting = self._waiting.get(comm)
            if waiting is None:
                return
            # Nothing is counted any more for a subshell that has been deleted meanwhile.
            left = waiting.get(lane, 0) - 1
            if left > 0:
                waiting[lane] = left
                return
            waiting.pop(lane, None)
            if not waiting:
                del self._waiting[comm]

    def _is_main_busy(self) -> bool:
        if self._is_awaiting and self._awaiting_cells_give_way:
            return False
        return self._cells > 0
