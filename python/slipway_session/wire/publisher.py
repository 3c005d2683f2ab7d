"""The socket below ipykernel's IOPub thread: the link with the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

from jupyter_client.session import DELIM

from .server_link import ServerLink

Part = Union[bytes, memoryview]


class WirePublisher:
    """Sends multiparts, as ipykernel makes them for ZeroMQ, over the link with the server.

    ipykernel's IOPub thread is the only one that sends, so that outputs and replies keep one order
    and no interrupt of the user's strikes in the middle of a message.
    """

    def __init__(self, link: ServerLink, context: Any) -> None:
        """Publish over a link. The context is for the thread's own in-process sockets."""
        self.context = context
        self._link = link
        self.closed = False

    def send_multipart(self, frames: Sequence[Part], *_args: Any, **_options: Any) -> None:
        """Publish a message on iopub."""
        self.send("iopub", frames)

    def send(self, channel: str, frames: Sequence[Part]) -> None:
        """Send a message on a channel, without the identities and signature that ZeroMQ needs."""
        if self.closed:
            return
        start = frames.index(DELIM) + 2
        self._link.send(channel.encode(), [bytes(frame) for frame in frames[start:]])

    def close(self) -> None:
        """Send nothing any more."""
        self.closed = True
