"""The application that runs a session's kernel: ipykernel's, made to lose nothing it publishes."""

from __future__ import annotations

import zmq
from ipykernel.kernelapp import IPKernelApp


class SessionApp(IPKernelApp):
    """ipykernel's application with an iopub socket that queues without limit.

    ZeroMQ drops what a publisher sends beyond its high-water mark, which is 1000 messages: of
    30 000 lines printed in a loop on a busy machine 3 500 were lost, and with them, some day, the
    ``idle`` that a front end waits for.
    """

    def init_iopub(self, context: zmq.Context) -> None:
        """Create the socket and its thread; sockets made from here on get the option."""
        context.setsockopt(zmq.SNDHWM, 0)
        super().init_iopub(context)
