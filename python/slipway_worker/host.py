"""The host of a service: restores it once, and makes workers from itself by forking.

It stays single-threaded and holds no socket, so that a fork is a whole and quiet copy. Where a
library has started a thread all the same, each worker is a new process that restores the service
for itself: slower to start, and never a copy of a lock that nobody will release.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import select
import signal
import socket
import sys
import time
import traceback

from .console import Console
from .control import ControlChannel, Message
from .process import thread_count
from .service import Definition, Service, ServiceLoadError
from .worker import WorkerOrder, run_worker

_SEPARATE_WORKER = "--worker"


def main() -> int:
    """Run as the host, or as a worker of its own where the host cannot fork."""
    if sys.argv[1:] == [_SEPARATE_WORKER]:
        return _separate_worker()
    control = ControlChannel.take_over_standard_streams()
    console = _redirect_output()
    message = control.receive_one()
    if message is None:
        return 0
    started = time.monotonic()
    try:
        service = Service(Definition.from_message(message), console)
        objects = service.load()
    except ServiceLoadError as error:
        control.send({"op": "failed", "ename": error.ename, "message": str(error)})
        return 1
    threads = thread_count()
    host = Host(control, service, message, forks=threads == 1)
    control.send(
        {
            "op": "loaded",
            "objects": objects,
            "packages": service.packages(),
            "python": platform.python_version(),
            "threads": threads,
            "seconds": round(time.monotonic() - started, 3),
        }
    )
    host.run()
    return 0


class Host:
    """Makes workers when the server asks for them and tells how each one ended."""

    def __init__(
        self, control: ControlChannel, service: Service, definition: Message, *, forks: bool
    ) -> None:
        """``definition`` is the ``load`` message; ``forks`` tells whether forking is safe."""
        self._control = control
        self._service = service
        self._definition = definition
        self._forks = forks
        self._pristine = os.getcwd()
        self._workers: dict[int, str] = {}

    def run(self) -> None:
        """Serve the control channel until it ends; then end all workers."""
        self._wakeup, self._wakeup_end = socket.socketpair()
        self._wakeup.setblocking(False)
        self._wakeup_end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
        signal.set_wakeup_fd(self._wakeup_end.fileno(), warn_on_full_buffer=False)
        gc.collect()
        if self._forks:
            gc.disable()
            # A collection in a worker would write to, and so copy, every page it looks at.
            gc.freeze()
        try:
            self._loop()
        except BrokenPipeError:
            return
        finally:
            for pid in self._workers:
                _kill_group(pid)
            # Left to others, they would stay in the table of processes where nobody looks for them.
            for pid in self._workers:
                os.waitpid(pid, 0)

    def _loop(self) -> None:
        for message in self._control.pending():
            self._handle(message)
        while True:
            ready, _, _ = select.select([self._control.read_fd, self._wakeup.fileno()], [], [])
            if self._wakeup.fileno() in ready:
                self._wakeup.recv(4096)
                self._reap()
            if self._control.read_fd in ready:
                messages = self._control.receive()
                if messages is None:
                    return
                for message in messages:
                    self._handle(message)

    def _handle(self, message: Message) -> None:
        if message["op"] == "fork":
            self._start_worker(WorkerOrder.from_message(message))
        elif message["op"] == "kill":
            for pid, worker in self._workers.items():
                if worker == message["worker"]:
                    _kill_group(pid)

    def _start_worker(self, order: WorkerOrder) -> None:
        try:
            pid = self._fork(order) if self._forks else self._spawn(order)
        except OSError as error:
            # Out of processes or memory: the server decides when to try again.
            self._control.send({"op": "fork_failed", "worker": order.worker, "message": str(error)})
            return
        self._workers[pid] = order.worker
        self._control.send({"op": "forked", "worker": order.worker, "pid": pid})

    def _fork(self, order: WorkerOrder) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            # The worker does the same; whoever comes first, it can be killed with what it starts.
            os.setpgid(pid, pid)
            return pid
        status = 1
        try:
            self._control.close()
            self._wakeup.close()
            self._wakeup_end.close()
            status = run_worker(self._service, order, parent, self._pristine)
        except BaseException:
            # Nothing of the host may run in the worker, whatever goes wrong in it.
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(status)

    def _spawn(self, order: WorkerOrder) -> int:
        task = {
            "definition": self._definition,
            "order": vars(order),
            "parent": os.getpid(),
            "pristine": self._pristine,
        }
        read_end, write_end = os.pipe()
        try:
            pid = os.posix_spawn(
                sys.executable,
                [sys.executable, os.path.abspath(_entry_point()), _SEPARATE_WORKER],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, read_end, 0)],
                setpgroup=0,
            )
        finally:
            os.close(read_end)
        with open(write_end, "w", encoding="utf-8") as pipe:
            json.dump(task, pipe)
        return pid

    def _reap(self) -> None:
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            worker = self._workers.pop(pid, None)
            if worker is None:
                continue
            # What the worker has started goes with it.
            _kill_group(pid)
            end: Message = {"op": "exited", "worker": worker, "pid": pid}
            if os.WIFSIGNALED(status):
                end["signal"] = signal.Signals(os.WTERMSIG(status)).name
            else:
                end["status"] = os.WEXITSTATUS(status)
            self._control.send(end)


def _separate_worker() -> int:
    task = json.load(sys.stdin)
    console = _redirect_output()
    service = Service(Definition.from_message(task["definition"]), console)
    service.load()
    return run_worker(service, WorkerOrder(**task["order"]), task["parent"], task["pristine"])


def _redirect_output() -> Console:
    console = Console()
    sys.stdout = console
    sys.stderr = console
    return console


def _entry_point() -> str:
    return os.path.join(os.path.dirname(__file__), "__main__.py")


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # All of it is gone already; macOS says of a group of zombies that it may not be signalled.
        return
