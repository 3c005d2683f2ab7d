"""The application that runs a session's kernel: ipykernel's, spoken to over one Unix socket."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import zmq
from ipykernel.iostream import IOPubThread
from ipykernel.kernelapp import IPKernelApp
from traitlets import Unicode, default

from .wire import InProcessServer, ServerLink, WirePublisher, WireSession

# Seconds that an abandoned session has to run its exit handlers.
_EXIT_GRACE = 5.0

_CHANNELS = {"shell": 1, "control": 2, "stdin": 3}


class SessionApp(IPKernelApp):
    """ipykernel's application with a link to the server in place of ZeroMQ's outward sockets.

    Requests reach ipykernel over in-process sockets, so that subshells, comms and the debugger work
    as they do everywhere. What it publishes and replies goes to the server in one order, and is
    kept until it has arrived there.
    """

    outstream_class: Any = Unicode("slipway_session.wire.FlowControlledStream")

    # Path of the Unix socket at which the server connects.
    link_path = Unicode().tag(config=True)

    @default("session")
    def _default_session(self) -> WireSession:
        return WireSession(parent=self)

    def init_connection_file(self) -> None:
        """Read no file: nobody but the server connects."""

    def write_connection_file(self, **_kwargs: Any) -> None:
        """Write no file."""

    def log_connection_info(self) -> None:
        """Say nothing of ports."""

    def init_heartbeat(self) -> None:
        """Start none: the server sees the end of the process."""

    def init_sockets(self) -> None:
        """Create the sockets; whoever is behind must not make those who publish lose anything."""
        for name, port in _CHANNELS.items():
            setattr(self, f"{name}_port", port)
        # ipykernel warns of TCP, which is its default and not used here.
        self.transport = "ipc"
        facts = {"pid": os.getpid(), "python": ".".join(map(str, sys.version_info[:3]))}
        self._link = ServerLink(self.link_path, facts)
        super().init_sockets()

    def _bind_socket(self, s: Any, port: int) -> int:
        """Bind within the process, without ZeroMQ's limit of 1000 messages."""
        s.setsockopt(zmq.RCVHWM, 0)
        s.setsockopt(zmq.SNDHWM, 0)
        s.bind(_address(port))
        return port

    def init_iopub(self, context: zmq.Context) -> None:
        """Publish over the link to the server, by ipykernel's thread for that."""
        context.setsockopt(zmq.SNDHWM, 0)
        context.setsockopt(zmq.RCVHWM, 0)
        publisher = WirePublisher(self._link, context)
        self.iopub_thread = IOPubThread(publisher, pipe=True)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket
        session: Any = self.session
        session.connect(self._link, self.iopub_thread, publisher)
        self.configure_tornado_logger()

    def init_kernel(self) -> None:
        """Create the kernel, and tell the session which of its streams is which."""
        super().init_kernel()
        session: Any = self.session
        session.name_channels(self.kernel.control_stream, self.stdin_socket)
        session.exempt(
            [
                self.iopub_thread.thread,
                self.control_thread,
                getattr(self, "shell_channel_thread", None),
            ]
        )

    def start(self) -> None:
        """Take requests until the kernel is shut down."""
        addresses = {name: _address(port) for name, port in _CHANNELS.items()}
        self._server = InProcessServer(self.context, addresses)
        self._link.start(
            deliver=self._server.deliver,
            running=lambda: self.kernel.running,
            abandon=self._end_abandoned,
        )
        super().start()

    def close(self) -> None:
        """Close what ipykernel knows, and what it does not."""
        self._server.close()
        super().close()

    def _end_abandoned(self) -> None:
        """End a session that no server has come for, and what it has started."""
        session: Any = self.session
        request = session.msg("shutdown_request", {"restart": False})
        parts = session.serialize(request)
        self._server.deliver("control", parts[2:])
        time.sleep(_EXIT_GRACE)
        os.killpg(os.getpgrp(), signal.SIGKILL)


def _address(port: int) -> str:
    return f"inproc://slipway-{port}"
