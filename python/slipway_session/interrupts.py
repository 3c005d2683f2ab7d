"""Interrupts of cells that await."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def loop_woken_by_interrupts() -> Iterator[None]:
    """Let the interrupt handler in force take effect at once while the main thread's loop waits.

    ipykernel cancels an awaiting cell from a callback that its handler gives the event loop, in a
    way that does not wake it: the cell went on until the next message, which does not come while
    a notebook waits for the cell.
    """
    handler = signal.getsignal(signal.SIGINT)
    loop = asyncio.get_running_loop()

    def handle_and_wake(number: int, frame: FrameType | None) -> None:
        if callable(handler):
            handler(number, frame)
        loop.call_soon_threadsafe(lambda: None)

    signal.signal(signal.SIGINT, handle_and_wake)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
