"""Objects that belong to the process: reopened, made anew, or refused with a reason.

The reasons name the type and the way out, since they are what a user reads next to the name that
was skipped.
"""

from __future__ import annotations

import _io
import _thread
import io
import os
import queue
import socket
import sys
import tempfile
import threading
import types
import weakref
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Callable

from . import rebuild
from .errors import UnsavableError
from .reasons import text_of

Reducer = Callable[[Any], Any]

LOCK_TYPES = (_thread.LockType, type(threading.RLock()))
RECREATED_TYPES = (
    *LOCK_TYPES,
    threading.Condition,
    threading.Event,
    threading.Semaphore,
    threading.Barrier,
    queue.Queue,
    queue.SimpleQueue,
)

# By qualified name of the type, where importing the type for the sake of a message would cost.
_REASONS = {
    "generator": "a generator is code that is suspended; keep list(...) of it, or the function "
    "that makes it",
    "coroutine": "a coroutine is code that is suspended; await it first",
    "async_generator": "an asynchronous generator is code that is suspended; keep its results",
    "frame": "a stack frame belongs to the code that is running",
    "traceback": "a traceback belongs to the code that has run; keep its text "
    "(traceback.format_exc())",
    "socket.socket": "a socket is connected to this process; connect again after the restore",
    "_socket.socket": "a socket is connected to this process; connect again after the restore",
    "_thread._local": "data local to a thread belongs to this process' threads",
    "_asyncio.Task": "a task belongs to a running event loop; await it and keep its result",
    "_asyncio.Future": "a future belongs to a running event loop; await it and keep its result",
    "concurrent.futures._base.Future": "a future belongs to a running executor; keep its result()",
    "sqlite3.Connection": "a database connection belongs to this process; connect again after "
    "the restore",
    "sqlite3.Cursor": "a database cursor belongs to a connection; keep the rows it fetched",
    "subprocess.Popen": "a child process belongs to this process; keep its results",
    "mmap.mmap": "a memory map belongs to this process; keep bytes(...) of it, or an array",
    "_ssl._SSLContext": "a TLS context belongs to this process; make it again after the restore",
    "_contextvars.Context": "a context belongs to the code that is running",
    "zlib.Decompress": "a stream that is being decompressed cannot be saved; keep its contents",
    "ctypes.CDLL": "a loaded library belongs to this process; load it again after the restore",
}


def reason_for(culprit: Any, error: BaseException) -> str:
    """Say why an object could not be saved, and what to keep instead where that is known."""
    if isinstance(error, UnsavableError):
        return error.reason
    kind = type(culprit)
    for base in kind.__mro__:
        name = base.__qualname__
        qualified = name if base.__module__ == "builtins" else f"{base.__module__}.{name}"
        if qualified in _REASONS:
            return _REASONS[qualified]
    if isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError):
        return "its objects are nested too deeply; keep it in a flatter form, such as a list"
    return text_of(error) or f"saving it failed with {type(error).__name__}"


class Resources:
    """Reducers for the resources of one pickle, and what they met on the way."""

    def __init__(self, workdir: Path) -> None:
        self._workdir = workdir
        self.reopened: list[Any] = []
        self.recreated: list[Any] = []

    def reducers(self) -> dict[type, Reducer]:
        """Return reducers by type; each also holds for subclasses."""
        return {
            _io._IOBase: self._reduce_file,
            LOCK_TYPES[0]: self._remaking(rebuild.lock),
            LOCK_TYPES[1]: self._remaking(rebuild.reentrant_lock),
            queue.SimpleQueue: self._remaking(rebuild.simple_queue),
            threading.Thread: _refusing(
                "a thread belongs to this process; start it again after the restore"
            ),
            Executor: _refusing(
                "an executor runs threads or processes of this process; make it again after the "
                "restore"
            ),
            socket.socket: _refusing(_REASONS["socket.socket"]),
            tempfile._TemporaryFileWrapper: _refusing(
                "a temporary file disappears with this process; keep its contents"
            ),
            weakref.ref: _reduce_weak_reference,
            weakref.WeakValueDictionary: _reduce_weak_dictionary,
            weakref.WeakKeyDictionary: _reduce_weak_dictionary,
            type(os.environ): lambda _: (getattr, (os, "environ")),
        }

    def _remaking(self, make: Callable[[], Any]) -> Reducer:
        def reduce(resource: Any) -> Any:
            self.recreated.append(resource)
            return make, ()

        return reduce

    def _reduce_file(self, file: Any) -> Any:
        for name in ("stdout", "stderr", "stdin"):
            if file is getattr(sys, name) or file is getattr(sys, f"__{name}__"):
                return getattr, (sys, name)
        if isinstance(file, (io.BytesIO, io.StringIO)):
            return NotImplemented
        path, mode = getattr(file, "name", None), getattr(file, "mode", None)
        if not isinstance(path, (str, os.PathLike)) or not isinstance(mode, str):
            raise UnsavableError("a stream without a file behind it belongs to this process", file)
        if file.closed:
            raise UnsavableError("it is a file that is closed; leave it out, or open it", file)
        if not os.path.isfile(path):
            raise UnsavableError(f"its file {os.fspath(path)} is not a regular file here", file)
        how = {
            "mode": mode,
            "encoding": getattr(file, "encoding", None),
            "errors": getattr(file, "errors", None),
            "buffering": 0 if isinstance(file, io.FileIO) else -1,
            "position": _position(file),
        }
        self.reopened.append(file)
        absolute = os.path.abspath(path)
        inside = os.path.commonpath([absolute, self._workdir]) == os.fspath(self._workdir)
        kept = os.path.relpath(absolute, self._workdir) if inside else absolute
        return rebuild.reopen_file, (kept, inside, how)


def _position(file: Any) -> int:
    try:
        if file.writable():
            # What is still in the buffer belongs to the position that is being noted.
            file.flush()
        return file.tell() if file.seekable() else 0
    except OSError as error:
        raise UnsavableError(
            f"its position in the file is not known now ({error}); read it to the end, or use "
            "readline() instead of a loop",
            file,
        ) from error


def _refusing(reason: str) -> Reducer:
    def refuse(resource: Any) -> Any:
        raise UnsavableError(reason, resource)

    return refuse


def _reduce_weak_reference(reference: weakref.ref) -> Any:
    target = reference()
    if target is None or isinstance(target, types.ModuleType):
        return rebuild.dead_weak_reference, ()
    return rebuild.weak_reference, (target,)


def _reduce_weak_dictionary(dictionary: Any) -> Any:
    return type(dictionary), (dict(dictionary),)
