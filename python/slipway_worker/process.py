"""Properties of the processes that host and serve: threads, parents, random state, memory."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1
# Between 0 and 1000: the system ends a worker that eats its memory before it ends the server.
_OUT_OF_MEMORY_SCORE = "800"


def thread_count() -> int:
    """Return the number of threads of this process, those of native libraries included."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        # Other systems tell of Python's own threads alone.
        return threading.active_count()


def become_worker(parent: int) -> None:
    """Make this process a worker: a process group of its own, and no life after its parent's."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _volunteer_for_out_of_memory()
    # The parent may have died before it could be watched.
    if os.getppid() != parent:
        os._exit(1)


def _volunteer_for_out_of_memory() -> None:
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write(_OUT_OF_MEMORY_SCORE)
    except OSError as error:
        print(f"oom_score_adj could not be set: {error}", file=sys.stderr)


def reseed_random() -> None:
    """Give this process random numbers of its own; a fork would repeat its siblings'."""
    random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
