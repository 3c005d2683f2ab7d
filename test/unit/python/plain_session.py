"""A session as R Server may have it: an interpreter that runs code it is sent.

It stands for R Server's ``execute``: inputs are set, code runs, outputs are read, and what was
printed comes back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

PACKAGE = Path(__file__).parents[3] / "python" / "slipway_rest"
INTERPRETER = Path(__file__).parents[2] / "support" / "bare_interpreter.py"

WRAPPER = (
    '__slipway_reply__ = __import__("sys").modules["slipway_rest"]'
    ".serve(__slipway_request__, globals())"
)


class Outcome:
    """What a request brought: its messages, in order, and its answer."""

    def __init__(self, messages: list[dict[str, Any]], reply: dict[str, Any]) -> None:
        self.messages = messages
        self.reply = reply

    def printed(self, name: str) -> str:
        """Return all that was printed to a stream."""
        return "".join(message.get(name, "") for message in self.messages)

    def shown(self, kind: str) -> list[dict[str, Any]]:
        """Return the contents of the messages of a type."""
        return [message["content"] for message in self.messages if message.get("type") == kind]


class PlainSession:
    """Starts the interpreter in a directory and installs the package as the kernel does."""

    def __init__(
        self, directory: Path, env: dict[str, str] | None = None, *, ipython: bool = False
    ) -> None:
        read, write = os.pipe()
        self.directory = directory
        self._process = subprocess.Popen(
            [sys.executable, INTERPRETER, str(write), "ipython" if ipython else "bare"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[write],
            cwd=directory,
            env={**os.environ, "IPYTHONDIR": f"{directory}/.ipython", **(env or {})},
        )
        os.close(write)
        self._answers = os.fdopen(read, encoding="utf-8")
        self.install()

    def install(self) -> None:
        """Put the package into the interpreter as the kernel does."""
        modules = {path.stem: path.read_text("utf-8") for path in PACKAGE.glob("*.py")}
        bootstrap = modules.pop("bootstrap")
        sources = {"slipway_rest": modules.pop("__init__")}
        sources.update({f"slipway_rest.{name}": text for name, text in modules.items()})
        failure, _, _ = self.run(bootstrap, {"__slipway_sources__": json.dumps(sources)})
        assert failure is None, failure

    @property
    def pid(self) -> int:
        """The process to interrupt."""
        return self._process.pid

    def run(
        self, code: str, inputs: dict[str, Any] | None = None, outputs: tuple[str, ...] = ()
    ) -> tuple[str | None, dict[str, Any], bytes]:
        """Run code as R Server does."""
        self.send(code, inputs, outputs)
        return self.receive()

    def send(self, code: str, inputs: dict[str, Any] | None, outputs: tuple[str, ...]) -> None:
        """Begin to run code."""
        request = {"code": code, "inputs": inputs or {}, "outputs": outputs}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()

    def receive(self) -> tuple[str | None, dict[str, Any], bytes]:
        """Wait for the end of the code that runs."""
        console = b""
        while not console.endswith(b"\x04"):
            console += self.read(1)
        answer = json.loads(self._answers.readline())
        return answer["failure"], answer["outputs"], console[:-1]

    def read(self, size: int) -> bytes:
        """Read what the console says next."""
        assert self._process.stdout is not None
        data = self._process.stdout.read(size)
        assert data, "the interpreter has ended"
        return data

    def begin(self, op: str, **arguments: Any) -> str:
        """Send a request to the package; return its id."""
        request = {"id": uuid4().hex, "op": op, **arguments}
        self.send(WRAPPER, {"__slipway_request__": json.dumps(request)}, ("__slipway_reply__",))
        return str(request["id"])

    def end(self, request_id: str, before: bytes = b"") -> Outcome:
        """Wait for the answer to a request."""
        failure, outputs, console = self.receive()
        assert failure is None, failure
        messages = read_console((before + console).decode(), request_id, self.directory)
        reply = json.loads(outputs["__slipway_reply__"])
        assert messages[0] == {"begin": 1}
        assert messages.pop() == {"reply": reply}
        return Outcome(messages[1:], reply)

    def ask(self, op: str, **arguments: Any) -> Outcome:
        """Send a request to the package and wait for its answer."""
        return self.end(self.begin(op, **arguments))

    def cell(self, code: str, **options: Any) -> Outcome:
        """Run a cell."""
        return self.ask("execute", code=code, **options)

    def close(self) -> None:
        """End the interpreter."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._answers.close()


def read_console(text: str, request_id: str, directory: Path) -> list[dict[str, Any]]:
    """Return what a console holds: records, and text as records of ``stdout``."""
    messages = []
    while text:
        before, mark, rest = text.partition(f"\x1e{request_id}:")
        if before:
            messages.append({"stdout": before})
        if not mark:
            break
        line, _, text = rest.partition("\n")
        record = json.loads(line)
        if "file" in record:
            record = json.loads((directory / record["file"]).read_text())
        messages.append(record)
    return messages
