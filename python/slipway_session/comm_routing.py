"""Messages of comms that do not wait for a cell: a slider moves while a cell computes.

ipykernel 7.0 to 7.3 handles them in the subshell that they name, be the main shell free or not;
ipykernel 7.4 on the shell that has last sent something over the comm, which is the main shell in
almost all cases, where they wait for the cell. What is done here instead says `CommLanes`. Versions
without subshells are left as they are.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from ipykernel.ipkernel import IPythonKernel

from .comm_lanes import CommLanes, Lane

_COMM_TYPES = frozenset({"comm_open", "comm_msg", "comm_close"})


class _Message(NamedTuple):
    """What tells where a message goes."""

    kind: str
    header: dict[str, Any]
    # The comm that it is for, and what it says; None for other messages.
    comm_id: str | None = None
    data: Any = None


class CommRoutingKernel(IPythonKernel):
    """ipykernel's kernel, which handles the messages of comms where there is time for them."""

    # Requests that may keep the main shell for long, since they run user code.
    occupying_types = frozenset({"execute_request"})

    def __init__(self, **kwargs: Any) -> None:
        # Since ipykernel 7.4.
        dispatch = inspect.signature(IPythonKernel.dispatch_shell)
        self._handles_comms_beside_cells = "concurrent" in dispatch.parameters
        self.comm_lanes = CommLanes(awaiting_cells_give_way=self._handles_comms_beside_cells)
        self._is_beside: ContextVar[bool] = ContextVar("is_beside", default=False)
        super().__init__(**kwargs)

    @property
    def handles_comm_beside_cell(self) -> bool:
        """Whether what runs now was called for a comm while a cell runs on the main shell."""
        return self._is_beside.get() and self.comm_lanes.has_cells

    async def shell_channel_thread_main(self, msg: list[Any]) -> None:
        """Pass a message on to the thread that handles it; nothing is awaited, for the order."""
        routed = self._route(msg)
        if routed is None:
            await super().shell_channel_thread_main(msg)
            return
        lane, frames = routed
        manager: Any = self.shell_channel_thread.manager
        manager.get_shell_channel_to_subshell_socket(lane).send_multipart(frames, copy=False)

    async def shell_main(self, subshell_id: Lane, msg: list[Any]) -> None:
        """Handle a message in the thread that it was passed to, and take it out of the count."""
        message = self._read(msg)
        with self._counted(subshell_id, message):
            if message is None or message.comm_id is None or not self._handles_comms_beside_cells:
                await super().shell_main(subshell_id, msg)
            else:
                await self._handle_comm(subshell_id, msg)

    async def _handle_comm(self, lane: Lane, msg: list[Any]) -> None:
        """Handle a message of a comm at once, beside a cell that awaits if there is one.

        ipykernel lets one wait for the cell that comes next while the message after it is handled
        beside that cell. Here all have their turn as they come: nothing on the way is awaited.
        """
        manager: Any = self.shell_channel_thread.manager
        lock = self._main_asyncio_lock if lane is None else manager.get_subshell_asyncio_lock(lane)
        if not lock.locked():
            await self.dispatch_shell(msg, subshell_id=lane)
            return
        identities = self._get_shell_context_var(self._shell_parent_ident)
        parent = self.get_parent("shell")
        # ipykernel publishes neither busy nor idle for it, and a widget that waits for idle before
        # it sends its next value moves only once.
        session: Any = self.session
        _, frames = session.feed_identities(msg, copy=False)
        own = session.deserialize(frames, content=False, copy=False)
        self._publish_status("busy", "shell", own)
        try:
            await self.dispatch_shell(msg, subshell_id=lane, concurrent=True)
        finally:
            self.set_parent(identities, parent, channel="shell")
            self._publish_status("idle", "shell", own)

    def _route(self, msg: list[Any]) -> tuple[Lane, list[Any]] | None:
        """Return where a message goes, as what; None for one that ipykernel passes on itself."""
        message = self._read(msg)
        if message is None:
            return None
        kind, header, comm_id, data = message
        named = header.get("subshell_id")
        if kind in self.occupying_types and named is None:
            self.comm_lanes.cell_sent()
            return None, msg
        if comm_id is None:
            return None
        is_awaited, lane = self._lane_that_awaits(comm_id, data)
        if is_awaited:
            self.comm_lanes.assign_to(comm_id, lane)
        else:
            lane = self.comm_lanes.assign(comm_id, named, self._has_subshell)
        return lane, self._addressed(msg, header, lane)

    def _lane_that_awaits(self, comm_id: str, data: Any) -> tuple[bool, Lane]:
        """Return whether a message is the reply to a request over its comm, and who waits for it.

        ipykernel 7.4 and newer notes which shell has sent a request.
        """
        comm: Any = self.comm_manager.comms.get(comm_id)
        requests = getattr(comm, "_reply_subshell_ids", None)
        content = data.get("content") if isinstance(data, dict) else None
        request = content.get("id") if isinstance(content, dict) else None
        if not requests or not isinstance(request, str) or request not in requests:
            return False, None
        # It takes the note away. Nobody else does, so that it is still there.
        lane: Lane = comm._reply_subshell_for(data, None)
        return lane is None or self._has_subshell(lane), lane

    def _has_subshell(self, subshell_id: str) -> bool:
        return subshell_id in self.shell_channel_thread.manager.list_subshell()

    def _addressed(self, msg: list[Any], header: dict[str, Any], lane: Lane) -> list[Any]:
        """Return the frames of a message with the lane in its header.

        ipykernel insists on that, and notes from it which shell waits for the reply to what a
        callback sends.
        """
        if header.get("subshell_id") == lane:
            return msg
        session: Any = self.session
        identities, (_, _, *rest) = session.feed_identities(msg, copy=False)
        own = session.pack({**header, "subshell_id": lane})
        parts = [own, *(frame.bytes for frame in rest[:3])]
        delimiter = msg[len(identities)]
        return [*identities, delimiter, session.sign(parts), *parts, *rest[3:]]

    @contextmanager
    def _counted(self, lane: Lane, message: _Message | None) -> Iterator[None]:
        if message is None:
            yield
            return
        kind, _, comm_id, _ = message
        beside = self._is_beside.set(comm_id is not None and lane is not None)
        try:
            yield
        finally:
            self._is_beside.reset(beside)
            if comm_id is not None:
                self.comm_lanes.handled(comm_id, lane)
            elif kind in self.occupying_types and lane is None:
                self.comm_lanes.cell_ended()

    def _read(self, msg: list[Any]) -> _Message | None:
        """Read what tells where a message goes; None where that cannot be read.

        ipykernel then says what is wrong. Its own marks within a queue are no messages either.
        """
        session: Any = self.session
        try:
            _, frames = session.feed_identities(msg, copy=False)
            header = session.unpack(frames[1].bytes)
            kind = header["msg_type"]
            if kind not in _COMM_TYPES:
                return _Message(kind, header)
            content = session.unpack(frames[4].bytes)
            return _Message(kind, header, str(content["comm_id"]), content.get("data"))
        except Exception:
            return None
