"""What a session promises to its server: one order, nothing lost, an end when nobody comes."""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wire_gateway import SessionProcess, WireConnection


@pytest.fixture
def process(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[SessionProcess]:
    # The path of a socket must be short.
    started = SessionProcess(tmp_path, tmp_path_factory.mktemp("s"))
    yield started
    started.kill()


class Server:
    """A server that speaks with a session and knows what it has been sent."""

    def __init__(self, process: SessionProcess, after: int | None = None) -> None:
        self.connection = WireConnection(process.link, patience=1, after=after)
        self.received: list[tuple[int, str, dict[str, Any], dict[str, Any], Any]] = []

    @property
    def hello(self) -> dict[str, Any]:
        return self.connection.hello

    def send(self, code: str, link: str = "link") -> str:
        msg_id = uuid.uuid4().hex
        header = {"msg_id": msg_id, "msg_type": "execute_request", "session": "s", "username": "u"}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        dicts: list[dict[str, Any]] = [{**header, "version": "5.5"}, {}, {}, content]
        self.connection.send("shell", [json.dumps(part).encode() for part in dicts], link)
        return msg_id

    def read(self) -> None:
        for number, channel, parts in self.connection.messages():
            header, parent, _metadata, content = map(json.loads, parts[:4])
            self.received.append((number, channel, header, parent, content))

    def until_idle(self, msg_id: str) -> list[tuple[str, Any]]:
        """Read to the end of a request. Return the types and contents of what it caused."""
        while True:
            caused = [message for message in self.received if message[3].get("msg_id") == msg_id]
            if any(content.get("execution_state") == "idle" for *_, content in caused):
                return [(header["msg_type"], content) for _, _, header, _, content in caused]
            self.read()

    def run(self, code: str) -> list[tuple[str, Any]]:
        return self.until_idle(self.send(code))

    def until_printed(self, text: str) -> None:
        while not any(
            header["msg_type"] == "stream" and text in content["text"]
            for _, _, header, _, content in self.received
        ):
            self.read()

    def acknowledge(self) -> None:
        self.connection.say({"type": "acknowledged", "number": self.last})

    @property
    def last(self) -> int:
        return self.received[-1][0]

    @property
    def numbers(self) -> list[int]:
        return [number for number, *_ in self.received]

    def leave(self) -> None:
        self.connection.socket.close()


def test_outputs_reply_and_idle_come_in_the_order_in_which_they_were_made(
    process: SessionProcess,
) -> None:
    caused = Server(process).run(
        "print('one')\ndisplay({'text/plain': 'two'}, raw=True)\nprint('three')\n4"
    )
    kinds = [kind for kind, _ in caused]
    assert kinds == [
        "status",
        "execute_input",
        "stream",
        "display_data",
        "stream",
        "execute_result",
        "execute_reply",
        "status",
    ]


def test_messages_are_numbered_without_gaps(process: SessionProcess) -> None:
    server = Server(process)
    for _ in range(20):
        server.run("print(1)")
    assert server.numbers == list(range(1, server.last + 1))


def test_what_was_not_acknowledged_is_sent_to_the_next_server(process: SessionProcess) -> None:
    first = Server(process)
    first.run("1")
    first.acknowledge()
    acknowledged = first.last
    msg_id = first.send("import time; print('a', flush=True); time.sleep(0.5); print('b')")
    first.until_printed("a")
    first.leave()
    second = Server(process)
    assert second.hello["acknowledged"] == acknowledged
    caused = second.until_idle(msg_id)
    printed = "".join(content["text"] for kind, content in caused if kind == "stream")
    assert printed == "a\nb\n"
    assert second.numbers[0] == acknowledged + 1


def test_the_next_server_says_what_it_has_and_gets_no_more(process: SessionProcess) -> None:
    first = Server(process)
    first.run("1")
    first.leave()
    second = Server(process, after=first.last)
    second.run("2")
    assert second.numbers[0] == first.last + 1


def test_requests_are_counted_for_each_link(process: SessionProcess) -> None:
    first = Server(process)
    first.connection.say({"type": "attached", "link": "silent"})
    first.run("1")
    first.run("2")
    first.until_idle(first.send("3", link="other"))
    first.until_idle(first.send("4", link=""))
    first.leave()
    hello = Server(process).hello
    assert hello["links"] == {"link": 2, "other": 1, "silent": 0}
    assert hello["attended"] is True


def test_a_server_is_told_what_runs(process: SessionProcess) -> None:
    first = Server(process)
    msg_id = first.send("import time; print('on', flush=True); time.sleep(60)")
    first.until_printed("on")
    first.leave()
    assert Server(process).hello["running"] == [msg_id]


def test_code_that_prints_waits_while_nobody_takes_what_it_says(process: SessionProcess) -> None:
    server = Server(process)
    msg_id = server.send(
        "n = 0\nwhile n < 100:\n    print('x' * 1_000_000); n += 1\n    if n == 30: print('thirty')"
    )
    # Some 8 MiB, and what is on its way between two threads.
    server.connection.socket.settimeout(5)
    with pytest.raises(socket.timeout):
        while True:
            server.read()
    size = sum(len(content.get("text", "")) for *_, content in server.received)
    assert 8_000_000 <= size < 25_000_000
    process.interrupt_kernel()
    server.connection.socket.settimeout(30)
    # The reply waits as well; a server that goes on gets it.
    server.acknowledge()
    caused = server.until_idle(msg_id)
    assert ("error", "KeyboardInterrupt") in [(kind, c.get("ename")) for kind, c in caused]


def test_one_message_may_be_larger_than_all_that_may_wait(process: SessionProcess) -> None:
    server = Server(process)
    caused = server.run("display({'text/plain': 'x' * 20_000_000}, raw=True)")
    [content] = [content for kind, content in caused if kind == "display_data"]
    assert len(content["data"]["text/plain"]) == 20_000_000


def test_a_forked_child_prints_and_ends_without_the_session(process: SessionProcess) -> None:
    server = Server(process)
    caused = server.run(
        "import multiprocessing as m\n"
        "c = m.get_context('fork')\n"
        "p = c.Process(target=print, args=('from a child',))\np.start()\np.join()\np.exitcode"
    )
    assert any(kind == "execute_result" and c["data"]["text/plain"] == "0" for kind, c in caused)
    server.until_printed("from a child")
    assert server.run("1")[-1][1] == {"execution_state": "idle"}


def test_a_session_ends_when_no_server_comes_back(process: SessionProcess, tmp_path: Path) -> None:
    server = Server(process)
    server.run("import atexit, pathlib; atexit.register(pathlib.Path('bye').touch)")
    server.leave()
    assert process.wait(timeout=20) == 0
    assert (tmp_path / "bye").exists()


def test_a_session_whose_code_runs_waits_for_longer(process: SessionProcess) -> None:
    first = Server(process)
    msg_id = first.send("import time; print('on', flush=True); time.sleep(4); print('off')")
    first.until_printed("on")
    first.leave()
    time.sleep(3)
    second = Server(process)
    second.until_idle(msg_id)
    second.until_printed("off")


def test_a_session_ends_when_its_files_are_removed(process: SessionProcess) -> None:
    server = Server(process)
    server.connection.say({"type": "patience", "seconds": 1000})
    server.run("1")
    process.link.unlink()
    server.leave()
    assert process.wait(timeout=20) == 0
