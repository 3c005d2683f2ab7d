"""A real session process, driven with Jupyter's own client as the server drives it."""

from __future__ import annotations

import queue
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client import BlockingKernelClient
from wire_gateway import SessionProcess, WireGateway

_DEADLINE = 30


class OperationFailed(Exception):
    """The session answered a request with an error."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(f"{content['ename']}: {content['evalue']}")
        self.ename: str = content["ename"]
        self.evalue: str = content["evalue"]
        self.traceback = "\n".join(content["traceback"])


@dataclass
class Execution:
    """The reply to a cell, and what was published for it."""

    reply: dict[str, Any]
    published: list[dict[str, Any]]

    def of_type(self, msg_type: str) -> list[dict[str, Any]]:
        return [message["content"] for message in self.published if message["msg_type"] == msg_type]

    @property
    def text(self) -> str:
        return "".join(stream["text"] for stream in self.of_type("stream"))


class LiveSession:
    """Sends requests and waits for their replies."""

    def __init__(self, process: SessionProcess, gateway: WireGateway) -> None:
        self.manager = process
        self._gateway = gateway
        self.client = gateway.client()
        self.client.wait_for_ready(timeout=_DEADLINE)

    def another_client(self) -> BlockingKernelClient:
        """Connect a client besides ``client``; stop its channels when it is done with."""
        return self._gateway.client()

    def send(self, op: str, *, on: str = "shell", buffers: Any = None, **arguments: Any) -> str:
        """Send a request and return its message id."""
        session = self.client.session
        channel = getattr(self.client, f"{on}_channel")
        message = session.msg("slipway_request", {"op": op, **arguments})
        session.send(channel.socket, message, buffers=buffers)
        return message["header"]["msg_id"]

    def receive(self, msg_id: str, on: str = "shell") -> tuple[dict[str, Any], list[Any]]:
        """Return result and buffers of a reply. Raises `OperationFailed`."""
        message = self.reply_to(msg_id, on)
        assert message["msg_type"] == "slipway_reply"
        content = message["content"]
        if content["status"] != "ok":
            raise OperationFailed(content)
        return content["result"], message["buffers"]

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Ask on shell and return the result."""
        return self.receive(self.send(op, **arguments))[0]

    def ask_on_control(self, op: str, **arguments: Any) -> dict[str, Any]:
        return self.receive(self.send(op, on="control", **arguments), "control")[0]

    def evaluate(self, expression: str, wire_type: str | None = None) -> Any:
        types = {} if wire_type is None else {"result": wire_type}
        result = self.ask("evaluate", expressions={"result": expression}, types=types)
        return result["values"]["result"]

    def start(self, code: str, **options: Any) -> str:
        """Send a cell and return its message id. Its failure leaves what is queued alone."""
        return self.client.execute(code, **{"stop_on_error": False, **options})

    def execute(self, code: str, **options: Any) -> Execution:
        """Run a cell to its end."""
        msg_id = self.start(code, **options)
        return Execution(self.reply_to(msg_id)["content"], self.published_for(msg_id))

    def run(self, code: str) -> None:
        """Run a cell that must succeed."""
        execution = self.execute(code)
        assert execution.reply["status"] == "ok", "\n".join(execution.reply["traceback"])

    def reply_to(self, msg_id: str, on: str = "shell") -> dict[str, Any]:
        deadline = time.monotonic() + _DEADLINE
        channel = getattr(self.client, f"{on}_channel")
        while True:
            message = channel.get_msg(timeout=max(0, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") == msg_id:
                return message

    def published_for(self, msg_id: str) -> list[dict[str, Any]]:
        """Return what was published for a message, from busy to idle."""
        published = []
        deadline = time.monotonic() + _DEADLINE
        while True:
            message = self.client.get_iopub_msg(timeout=max(0, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            published.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return published

    def wait_for_output(self, text: str) -> None:
        """Wait until a cell has printed ``text``."""
        deadline = time.monotonic() + _DEADLINE
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"nothing printed {text!r}") from None
            if message["msg_type"] == "stream" and text in message["content"]["text"]:
                return


@contextmanager
def live_session(directory: Path) -> Iterator[LiveSession]:
    """Run a session in ``directory`` and end its process afterwards."""
    # Not pytest's directory: the paths of sockets must be short.
    with tempfile.TemporaryDirectory(prefix="slipway-") as sockets:
        process = SessionProcess(directory, Path(sockets))
        try:
            gateway = WireGateway(process.link, Path(sockets))
            try:
                session = LiveSession(process, gateway)
                yield session
                session.client.stop_channels()
            finally:
                gateway.close()
        finally:
            process.kill()
