"""The way of the server's requests from the link to ipykernel."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import zmq
from jupyter_client.session import DELIM

# The routing identity of the server on the session's in-process sockets.
SERVER = b"slipway-server"


class InProcessServer:
    """Hands the server's requests to ipykernel, over sockets that exist in this process alone."""

    def __init__(self, context: Any, addresses: Mapping[str, str]) -> None:
        """Connect one socket per channel to its in-process address."""
        self._lock = threading.Lock()
        self._sockets = {}
        for channel, address in addresses.items():
            dealer = context.socket(zmq.DEALER)
            dealer.setsockopt(zmq.ROUTING_ID, SERVER)
            dealer.linger = 0
            dealer.connect(address)
            self._sockets[channel] = dealer

    def deliver(self, channel: str, parts: Sequence[bytes]) -> None:
        """Deliver one message; one for a channel that is not there, or closed, goes nowhere."""
        with self._lock:
            socket = self._sockets.get(channel)
            if socket is not None:
                socket.send_multipart([DELIM, b"", *parts])

    def close(self) -> None:
        """Close the sockets, without which their context would not end. Idempotent."""
        with self._lock:
            for socket in self._sockets.values():
                socket.close()
            self._sockets.clear()
