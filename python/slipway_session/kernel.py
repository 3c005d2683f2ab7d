"""The kernel of a session: ipykernel's, and one message type more.

``slipway_request`` is answered on shell in turn with the cells, and on control beside a running
cell. Content ``{"op": name, ...arguments}``; reply ``{"status": "ok", "result": {...}}``, or an
error as Jupyter's replies have it.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from traitlets import Type

from .answering import Reply, answer_request, failure
from .comm_routing import CommRoutingKernel
from .interrupts import loop_woken_by_interrupts
from .magics import register_stand_ins
from .operations import Buffer, SessionState
from .shell import SlipwayShell
from .streams import StreamGuard

REQUEST = "slipway_request"
REPLY = "slipway_reply"


class SlipwayKernel(CommRoutingKernel):
    """ipykernel's kernel with Slipway's requests and stand-ins for its magics."""

    shell_class: Any = Type(SlipwayShell)
    occupying_types = frozenset({"execute_request", REQUEST})

    # ipykernel sleeps after each cell for outputs that would else come after the reply. Here both
    # take one way, in the order in which they were made.
    _execute_sleep: Any = 0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        shell: Any = self.shell
        self._state = SessionState(shell, Path.cwd())
        self._running: set[str] = set()
        self._streams = shell.streams = StreamGuard()
        self.shell_handlers[REQUEST] = self.shell_slipway_request
        self.control_handlers[REQUEST] = self.control_slipway_request
        register_stand_ins(shell)

    async def do_execute(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Run a cell, and remember for its client how it ended."""
        parent = self.get_parent("shell")
        client = _client(parent)
        self._state.record_execution(client, False)
        request = str(parent.get("header", {}).get("msg_id", ""))
        self._running.add(request)
        try:
            reply: dict[str, Any] = await super().do_execute(*args, **kwargs)
        finally:
            self._running.discard(request)
            self._streams.mend()
        self._state.record_execution(client, reply["status"] == "ok")
        return reply

    @property
    def running(self) -> list[str]:
        """The ids of the requests whose code runs, on the main shell or on subshells."""
        return list(self._running)

    @contextmanager
    def _cancel_on_sigint(self, future: Any) -> Iterator[None]:
        lanes = self.comm_lanes
        with (
            super()._cancel_on_sigint(future),
            loop_woken_by_interrupts(),
            lanes.cell_that_awaits(),
        ):
            yield

    async def shell_slipway_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Answer a request in turn with the cells."""
        try:
            content, buffers = self._answer(parent, on_control=False)
            _hold_interrupts()
        except KeyboardInterrupt:
            # It came between the user's code and here. A request is answered in any case, since
            # the one who asked would wait for ever.
            _hold_interrupts()
            content, buffers = failure("KeyboardInterrupt", "interrupted"), ()
        self._reply(stream, ident, parent, content, buffers)

    async def control_slipway_request(
        self, stream: Any, ident: Any, parent: dict[str, Any]
    ) -> None:
        """Answer a request beside a running cell, in ipykernel's control thread."""
        content, buffers = self._answer(parent, on_control=True)
        self._reply(stream, ident, parent, content, buffers)

    def _answer(self, parent: dict[str, Any], on_control: bool) -> Reply:
        return answer_request(
            self._state,
            parent["content"],
            parent.get("buffers") or (),
            client=_client(parent),
            on_control=on_control,
            log=self.log,
        )

    def _reply(
        self,
        stream: Any,
        ident: Any,
        parent: dict[str, Any],
        content: dict[str, Any],
        buffers: Sequence[Buffer],
    ) -> None:
        session: Any = self.session
        # What user code has printed belongs before the reply.
        self._streams.mend()
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            session.send(stream, REPLY, content, parent, ident=ident, buffers=list(buffers))
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            # JSON in the end, and yet not: an integer of more digits than Python prints, say.
            content = failure(type(error).__name__, f"the result cannot be sent as JSON: {error}")
            session.send(stream, REPLY, content, parent, ident=ident)


def _client(parent: dict[str, Any]) -> str:
    """Return the id of the Jupyter session that sent a message."""
    return str(parent.get("header", {}).get("session", ""))


def _hold_interrupts() -> None:
    """Ignore interrupts until ipykernel restores its handler after the request."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
