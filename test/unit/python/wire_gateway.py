"""Joins Jupyter's own client to a session's wire, as server and kernel do together."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import zmq
from jupyter_client import BlockingKernelClient
from jupyter_client.session import Session

_LAUNCHER = Path(__file__).parents[3] / "python" / "slipway_session" / "__main__.py"
_HEAD = struct.Struct("<IB")
_DEADLINE = 60
_ROUTED = ("shell", "control", "stdin")


class SessionProcess:
    """A session as the server starts it."""

    def __init__(self, directory: Path, sockets: Path) -> None:
        self.link = sockets / "link"
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-Xfrozen_modules=off",
                str(_LAUNCHER),
                f"--SessionApp.link_path={self.link}",
            ],
            cwd=directory,
            # ipykernel leaves the file descriptors alone where it believes to be in pytest.
            env={k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"},
            start_new_session=True,
        )
        deadline = time.monotonic() + _DEADLINE
        while not self.link.exists():
            assert self._process.poll() is None, "the session ended at its start"
            assert time.monotonic() < deadline, "the session does not listen"
            time.sleep(0.01)

    def interrupt_kernel(self) -> None:
        os.killpg(self._process.pid, signal.SIGINT)

    def kill(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait(self, timeout: float) -> int:
        return self._process.wait(timeout)


class WireConnection:
    """One connection of a server's with a session."""

    def __init__(self, path: Path, patience: float = 60, after: int | None = None) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self._buffer = b""
        self.hello = self._word()
        begin = self.hello["acknowledged"] if after is None else after
        self.say({"type": "welcome", "after": begin, "patience": patience})

    def say(self, word: dict[str, Any]) -> None:
        payload = json.dumps(word).encode()
        self.socket.sendall(_HEAD.pack(len(payload), ord("J")) + payload)

    def send(self, channel: str, parts: list[bytes], link: str = "link") -> None:
        table = [8 * (len(parts) + 3)]
        for part in [channel.encode(), *parts]:
            table.append(table[-1] + len(part))
        frame = struct.pack(f"<Q{len(table)}Q", len(table), *table) + channel.encode()
        payload = bytes([len(link)]) + link.encode() + frame + b"".join(parts)
        self.socket.sendall(_HEAD.pack(len(payload), ord("M")) + payload)

    def messages(self) -> list[tuple[int, str, list[bytes]]]:
        """Read what has come: the number, the channel and the parts of each message."""
        found = []
        for kind, payload in self._records():
            if kind != ord("M"):
                continue
            (number,) = struct.unpack_from("<Q", payload)
            frame = payload[8:]
            (count,) = struct.unpack_from("<Q", frame)
            offsets = struct.unpack_from(f"<{count}Q", frame, 8)
            channel, *parts = (frame[a:b] for a, b in zip(offsets, offsets[1:]))
            found.append((number, channel.decode(), parts))
        return found

    def _word(self) -> dict[str, Any]:
        while True:
            for kind, payload in self._records():
                assert kind == ord("J")
                return json.loads(payload)

    def _records(self) -> list[tuple[int, bytes]]:
        chunk = self.socket.recv(1024 * 1024)
        if not chunk:
            raise EOFError
        self._buffer += chunk
        records = []
        while len(self._buffer) >= _HEAD.size:
            length, kind = _HEAD.unpack_from(self._buffer)
            end = _HEAD.size + length
            if len(self._buffer) < end:
                break
            records.append((kind, self._buffer[_HEAD.size : end]))
            self._buffer = self._buffer[end:]
        return records


class WireGateway:
    """ZeroMQ's sockets of a kernel on one side, the session's wire on the other."""

    def __init__(self, path: Path, sockets: Path) -> None:
        self._wire = WireConnection(path)
        self._session = Session(key=b"key")
        self._identities: dict[str, list[bytes]] = {}
        context = zmq.Context.instance()
        self._sockets = {name: context.socket(zmq.ROUTER) for name in _ROUTED}
        self._sockets["iopub"] = context.socket(zmq.XPUB)
        info: dict[str, Any] = {"transport": "ipc", "ip": str(sockets / "s"), "hb_port": 5}
        for port, (name, bound) in enumerate(self._sockets.items(), 1):
            bound.linger = 0
            bound.set_hwm(0)
            bound.bind(f"ipc://{info['ip']}-{port}")
            info[f"{name}_port"] = port
        self._info = info
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._relay, daemon=True)
        self._thread.start()

    def client(self) -> BlockingKernelClient:
        """Return a client that is subscribed."""
        client = BlockingKernelClient()
        client.load_connection_info({**self._info, "key": "key", "signature_scheme": "hmac-sha256"})
        client.start_channels(hb=False)
        client.allow_stdin = False
        return client

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()
        for bound in self._sockets.values():
            bound.close()
        self._wire.socket.close()

    def _relay(self) -> None:
        poller = zmq.Poller()
        for bound in self._sockets.values():
            poller.register(bound, zmq.POLLIN)
        poller.register(self._wire.socket.fileno(), zmq.POLLIN)
        while not self._stopped.is_set():
            ready = dict(poller.poll(50))
            for name, bound in self._sockets.items():
                if bound not in ready:
                    continue
                frames = bound.recv_multipart()
                if name == "iopub":
                    continue
                identities, (_signature, *parts) = self._session.feed_identities(frames)
                self._identities[json.loads(parts[0])["msg_id"]] = identities
                self._wire.send(name, parts)
            if self._wire.socket.fileno() in ready:
                try:
                    for message in self._wire.messages():
                        self._pass_on(*message)
                except EOFError:
                    return

    def _pass_on(self, number: int, channel: str, parts: list[bytes]) -> None:
        self._wire.say({"type": "acknowledged", "number": number})
        parent = json.loads(parts[1]).get("msg_id", "")
        identities = [b"topic"] if channel == "iopub" else self._identities.get(parent)
        if identities is not None:
            self._session.send_raw(self._sockets[channel], parts, ident=identities)
