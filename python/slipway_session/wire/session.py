"""Jupyter's session object of a session's kernel: it sends replies where outputs go."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from ipykernel.iostream import BackgroundSocket, IOPubThread
from jupyter_client.session import Session

from .in_process import SERVER
from .packing import pack
from .publisher import Part, WirePublisher
from .server_link import ServerLink

# Messages that may be queued for the thread that sends.
_MOST_QUEUED = 1000


class WireSession(Session):
    """ipykernel's session, whose replies to the server go into one queue with its outputs.

    Everything that a request causes then arrives in the order in which it was made: outputs, the
    reply, `idle`. Requests of others, as the debugger's own to the shell, are answered as usual.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Make a session without a key: its sockets exist in this process alone."""
        super().__init__(**kwargs)
        # Not as an argument: the constructor would warn.
        self.key = b""
        self.pack = pack
        self._link: ServerLink | None = None
        self._thread: IOPubThread | None = None
        self._publisher: WirePublisher | None = None
        self._channels: dict[int, str] = {}
        self._service_threads: set[int | None] = set()

    def connect(self, link: ServerLink, thread: IOPubThread, publisher: WirePublisher) -> None:
        """Say where messages go, and by which thread."""
        self._link = link
        self._thread = thread
        self._publisher = publisher

    def name_channels(self, control: Any, stdin: Any) -> None:
        """Tell the streams of control and stdin from those of the shells."""
        self._channels = {id(control): "control", id(stdin): "stdin"}

    def exempt(self, threads: Sequence[threading.Thread | None]) -> None:
        """Name the threads that must not wait for room: others wait for them."""
        self._service_threads = {thread.ident for thread in threads if thread is not None}

    def send(self, stream: Any, msg_or_type: Any, *args: Any, **kwargs: Any) -> Any:
        """Send a message; replies to the server take the way of the outputs."""
        if isinstance(stream, (BackgroundSocket, IOPubThread)):
            kind = msg_or_type if isinstance(msg_or_type, str) else msg_or_type["msg_type"]
            if kind != "status":
                self.wait_for_room()
        else:
            ident = kwargs.get("ident", args[2] if len(args) > 2 else None)
            if ident == SERVER or (isinstance(ident, list) and ident[:1] == [SERVER]):
                stream = _ReplyStream(self, self._channels.get(id(stream), "shell"))
        return super().send(stream, msg_or_type, *args, **kwargs)

    def post(self, channel: str, frames: Sequence[Part]) -> None:
        """Queue a message behind everything that was published before."""
        publisher = self._publisher
        if self._thread is not None and publisher is not None:
            self._thread.schedule(lambda: publisher.send(channel, frames))

    def is_service_thread(self) -> bool:
        """Whether others wait for the thread that calls, so that it must wait for none of them."""
        return threading.get_ident() in self._service_threads

    def wait_for_room(self) -> None:
        """Wait while too much of what was published has not been taken; service threads do not."""
        if self._link is None or self.is_service_thread():
            return
        self._link.wait_for_room()
        thread: Any = self._thread
        if len(thread._events) > _MOST_QUEUED and thread.thread.is_alive():
            # Until what is queued for the thread that sends is where it is measured.
            reached = threading.Event()
            thread.schedule(reached.set)
            reached.wait()


class _ReplyStream:
    """Stands in for the socket that a reply would be sent on."""

    def __init__(self, session: WireSession, channel: str) -> None:
        self._session = session
        self._channel = channel

    def send_multipart(self, frames: Sequence[Part], *_args: Any, **_options: Any) -> None:
        # Buffers may change once the caller goes on; what is queued must not.
        kept = [bytes(frame) if isinstance(frame, memoryview) else frame for frame in frames]
        self._session.post(self._channel, kept)
