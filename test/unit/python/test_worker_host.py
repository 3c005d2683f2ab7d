"""The host as a process, spoken to over its pipes and the sockets of its workers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from slipway_worker.control import ControlChannel

ENTRY = Path(__file__).resolve().parents[3] / "python" / "slipway_worker" / "__main__.py"
DEADLINE = 20


class Host:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        files = directory / "files"
        files.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, str(ENTRY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=files,
            start_new_session=True,
        )
        assert self.process.stdin and self.process.stdout
        self.control = ControlChannel(self.process.stdout.fileno(), self.process.stdin.fileno())
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.settimeout(DEADLINE)
        self.listener.bind(str(directory / "w"))
        self.listener.listen()

    def load(self, code: str, **more: object) -> dict:
        message = {"op": "load", "service": "S/1", "directory": None, "initCode": None}
        message |= {"inputs": [], "outputs": [], "outputFileNames": [], "code": code, **more}
        self.control.send(message)
        return self.control.receive_one() or {}

    def fork(self, worker: str) -> Worker:
        self.control.send(
            {
                "op": "fork",
                "worker": worker,
                "socket": str(self.directory / "w"),
                "nonce": f"nonce of {worker}",
                "directory": str(self.directory / worker),
            }
        )
        forked = self.control.receive_one()
        connection, _ = self.listener.accept()
        connection.settimeout(DEADLINE)
        return Worker(connection, forked or {})

    def close(self) -> None:
        self.listener.close()
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(DEADLINE)
        self.process.stdout.close()


class Worker:
    def __init__(self, connection: socket.socket, forked: dict) -> None:
        self.connection = connection
        self.stream = connection.makefile("rb")
        self.forked = forked
        self.greeting = json.loads(self.receive()[1])

    def send(self, request_id: int, **parameters: object) -> None:
        body = json.dumps(parameters).encode()
        self.connection.sendall(struct.pack(">II", len(body), request_id) + body)

    def receive(self) -> tuple[int, bytes]:
        length, request_id = struct.unpack(">II", self.stream.read(8))
        return request_id, self.stream.read(length)

    def call(self) -> dict:
        self.send(1)
        return json.loads(self.receive()[1])


@pytest.fixture
def host(tmp_path):
    # Paths of sockets are short.
    directory = Path(os.path.relpath(tmp_path)) if len(str(tmp_path)) > 80 else tmp_path
    host = Host(directory)
    yield host
    host.close()


PID = {"outputs": [{"name": "pid", "type": "integer"}]}


def is_running(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}/fd/0")


def test_tells_versions_once_it_has_loaded(host):
    loaded = host.load("pass")
    assert loaded["op"] == "loaded"
    assert loaded["python"] == ".".join(map(str, sys.version_info[:3]))
    assert loaded["threads"] == 1


def test_tells_why_it_cannot_load_and_ends(host):
    failed = host.load("x = (")
    assert (failed["op"], failed["ename"]) == ("failed", "SyntaxError")
    assert host.process.wait(DEADLINE) == 1


def test_forks_workers_that_greet_with_their_nonce_and_answer_in_order(host):
    host.load("import os; pid = os.getpid()", **PID)
    worker = host.fork("w1")
    assert worker.forked == {"op": "forked", "worker": "w1", "pid": worker.greeting["pid"]}
    assert worker.greeting["nonce"] == "nonce of w1"
    for request_id in (5, 6, 7):
        worker.send(request_id)
    answers = [worker.receive() for _ in range(3)]
    assert [request_id for request_id, _ in answers] == [5, 6, 7]
    pids = {json.loads(answer)["outputParameters"]["pid"] for _, answer in answers}
    assert pids == {worker.greeting["pid"]}


def test_a_worker_has_a_group_of_its_own_and_nothing_of_the_control_channel(host):
    host.load(
        "import glob, os\n"
        "files = [f for f in glob.glob('/proc/self/fd/*') if f[-2:] not in ('/0', '/1', '/2')]\n"
        "links = [os.readlink(f) for f in files if os.path.islink(f)]\n"
        "own = os.getpgid(0) == os.getpid()",
        outputs=[{"name": "links", "type": "vector"}, {"name": "own", "type": "logical"}],
    )
    outputs = host.fork("w1").call()["outputParameters"]
    assert outputs["own"] is True
    assert not [link for link in outputs["links"] if link.startswith("pipe:")]


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("import os; os._exit(3)", {"status": 3}),
        ("import os; os.kill(os.getpid(), 11)", {"signal": "SIGSEGV"}),
    ],
)
def test_tells_how_a_worker_ended(host, code, end):
    host.load(code)
    worker = host.fork("w1")
    worker.send(1)
    expected = {"op": "exited", "worker": "w1", "pid": worker.greeting["pid"], **end}
    assert host.control.receive_one() == expected


def test_kills_a_worker_on_demand(host):
    host.load("while True: pass")
    worker = host.fork("w1")
    worker.send(1)
    host.control.send({"op": "kill", "worker": "w1"})
    assert (host.control.receive_one() or {})["signal"] == "SIGKILL"


def test_a_worker_whose_init_code_fails_says_so_and_ends(host):
    host.load("pass", initCode="raise OSError('no database')")
    worker = host.fork("w1")
    assert "OSError: no database" in worker.greeting["failure"]["message"]
    assert (host.control.receive_one() or {})["status"] == 1


def test_ends_with_all_workers_when_the_control_channel_ends(host):
    host.load("while True: pass")
    workers = [host.fork("w1"), host.fork("w2")]
    for worker in workers:
        worker.send(1)
    host.process.stdin.close()
    assert host.process.wait(DEADLINE) == 0
    assert not [worker for worker in workers if is_running(worker.greeting["pid"])]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of the dead")
def test_workers_end_when_the_host_is_killed(host):
    host.load("while True: pass")
    worker = host.fork("w1")
    worker.send(1)
    host.process.send_signal(signal.SIGKILL)
    # With the request unread in its socket the worker's end resets the connection.
    with contextlib.suppress(ConnectionResetError):
        assert worker.stream.read() == b""
    assert not is_running(worker.greeting["pid"])


def test_a_worker_ends_when_its_connection_ends(host):
    host.load("pass")
    worker = host.fork("w1")
    worker.stream.close()
    worker.connection.close()
    assert (host.control.receive_one() or {})["status"] == 0
