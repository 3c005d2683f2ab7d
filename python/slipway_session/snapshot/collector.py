"""Python's garbage collector, held back while many objects come to be at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the collector from walking every object again and again as new ones are made.

    None of them is garbage yet: a memo of 200 000 objects is copied three times as fast.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
