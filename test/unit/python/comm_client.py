"""A client's side of comms with a live session."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from live_session import LiveSession

# Notes who handled what, by comm; `act` is run for each message.
TARGET = """
import asyncio, threading, time
from collections import defaultdict
seen, threads, values = defaultdict(list), defaultdict(list), {}
act = None
def opened(comm, message):
    @comm.on_msg
    def received(message):
        data = message["content"]["data"]
        seen[comm.comm_id].append(data["n"])
        threads[comm.comm_id].append(threading.current_thread() is threading.main_thread())
        values[comm.comm_id] = data["n"]
        if act is not None:
            act(comm, data)
get_ipython().kernel.comm_manager.register_target("numbers", opened)
"""
_DEADLINE = 20


class Comms:
    """A client that sends its comm messages with the id of a subshell, as JupyterLab does."""

    def __init__(self, live: LiveSession) -> None:
        self._live = live
        self._published: list[dict[str, Any]] = []
        self.subshell: str = self.control("create_subshell_request")["subshell_id"]

    def control(self, msg_type: str, **content: Any) -> dict[str, Any]:
        request = self._live.client.session.msg(msg_type, content)
        self._live.client.control_channel.send(request)
        answer: dict[str, Any] = self._live.reply_to(request["header"]["msg_id"], "control")
        return answer["content"]

    def open(self) -> str:
        comm_id = uuid4().hex
        self.idle(self.post("comm_open", comm_id, target_name="numbers", data={}))
        return comm_id

    def post(self, msg_type: str, comm_id: str, *, named: bool = True, **content: Any) -> str:
        message = self._live.client.session.msg(msg_type, {"comm_id": comm_id, **content})
        if named:
            message["header"]["subshell_id"] = self.subshell
        self._live.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def send(self, comm_id: str, n: Any, **data: Any) -> str:
        return self.post("comm_msg", comm_id, data={"n": n, **data})

    def idle(self, msg_id: str) -> list[dict[str, Any]]:
        """Wait for the end of a message or cell, and return what was published for it."""
        # What a comm does may end a cell before the comm's own message ends.
        while True:
            own = [m for m in self._published if m["parent_header"].get("msg_id") == msg_id]
            if own and own[-1]["content"].get("execution_state") == "idle":
                return own
            self._published.append(self._live.client.get_iopub_msg(timeout=_DEADLINE))

    def result(self, cell: str) -> str:
        """Return what a cell evaluates to."""
        assert self._live.reply_to(cell)["content"]["status"] == "ok"
        shown = [m for m in self.idle(cell) if m["msg_type"] == "execute_result"]
        return str(shown[0]["content"]["data"]["text/plain"])
