"""Objects of a running session by name and as bytes."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import dill
import pytest
from live_session import LiveSession, OperationFailed


def get(live: LiveSession, name: str) -> bytes:
    _, buffers = live.receive(live.send("workspace_get", name=name))
    assert len(buffers) == 1
    return bytes(buffers[0])


def put(live: LiveSession, name: str, data: bytes) -> None:
    live.receive(live.send("workspace_set", name=name, buffers=[data]))


def failure_of(live: LiveSession, op: str, **arguments: Any) -> OperationFailed:
    with pytest.raises(OperationFailed) as raised:
        live.receive(live.send(op, **arguments))
    return raised.value


def test_the_list_is_what_who_shows_without_modules_and_tells_functions(live: LiveSession) -> None:
    live.run("import os\nbeta = 1\nalpha = 2\n_private = 3\ndef function(): pass\n42")

    assert live.ask("workspace_list") == {
        "names": ["alpha", "beta", "function"],
        "functions": ["function"],
    }


def test_the_list_is_answered_on_control_while_a_cell_runs(live: LiveSession) -> None:
    msg_id = live.start(
        "import threading\nstarted = 1\nprint('running', flush=True)\nthreading.Event().wait()"
    )
    live.wait_for_output("running")

    assert "started" in live.ask_on_control("workspace_list")["names"]

    live.manager.interrupt_kernel()
    assert live.reply_to(msg_id)["content"]["ename"] == "KeyboardInterrupt"


def test_the_list_holds_while_a_cell_makes_names(live: LiveSession) -> None:
    msg_id = live.start(
        "print('running', flush=True)\n"
        "while True:\n"
        "    for i in range(1000): globals()[f'made_{i}'] = i\n"
        "    for i in range(1000): del globals()[f'made_{i}']"
    )
    live.wait_for_output("running")

    for _ in range(20):
        assert "alpha" in live.ask_on_control("workspace_list")["names"]

    live.manager.interrupt_kernel()
    assert live.reply_to(msg_id)["content"]["ename"] == "KeyboardInterrupt"
    live.run("for i in range(1000): globals().pop(f'made_{i}', None)")


def test_an_object_is_read_by_pickle_and_by_dill(live: LiveSession) -> None:
    live.run("import numpy as np\ntable = {'a': np.arange(3), 'b': 'text'}")

    for loads in (pickle.loads, dill.loads):
        table = loads(get(live, "table"))
        assert table["a"].tolist() == [0, 1, 2]
        assert table["b"] == "text"


def test_what_a_notebook_defines_comes_with_its_definition(live: LiveSession) -> None:
    live.run("class Scale:\n    def __init__(self, by): self.by = by\nscale = Scale(3)")

    assert pickle.loads(get(live, "scale")).by == 3


@pytest.mark.parametrize("dumps", [pickle.dumps, dill.dumps])
def test_an_object_is_set_from_pickle_and_from_dill(live: LiveSession, dumps: Any) -> None:
    put(live, "received", dumps({"rows": [1, 2]}))

    assert live.evaluate("received") == {"rows": [1, 2]}


def test_a_lambda_from_dill_can_be_called(live: LiveSession) -> None:
    triple = eval("lambda x: x * 3", {"__name__": "__main__"})

    put(live, "triple", dill.dumps(triple))

    assert live.evaluate("triple(2)") == 6


def test_an_object_that_cannot_be_pickled_is_named_with_the_cause(live: LiveSession) -> None:
    live.run("import threading\nlock = threading.Lock()")

    failure = failure_of(live, "workspace_get", name="lock")

    assert failure.ename == "WorkspaceObjectError"
    assert '"lock" of type lock cannot be turned into bytes' in failure.evalue


@pytest.mark.parametrize("data", [b"", b"no pickle", pickle.dumps([1])[:-3], b"cos\nnothing\n."])
def test_bytes_that_are_no_object_are_refused(live: LiveSession, data: bytes) -> None:
    failure = failure_of(live, "workspace_set", name="bad", buffers=[data])

    assert failure.ename == "WorkspaceObjectError"
    assert '"bad"' in failure.evalue
    assert "bad" not in live.ask("workspace_list")["names"]


def test_an_object_that_exits_while_it_is_loaded_does_not_end_the_session(
    live: LiveSession,
) -> None:
    class Exits:
        def __reduce__(self) -> Any:
            return sys.exit, (3,)

    assert failure_of(live, "workspace_set", name="x", buffers=[pickle.dumps(Exits())])
    assert live.evaluate("1 + 1") == 2


def test_an_object_is_set_under_a_name_that_python_can_use(live: LiveSession) -> None:
    failure = failure_of(live, "workspace_set", name="a b", buffers=[pickle.dumps(1)])

    assert failure.ename == "InvalidNameError"


def test_setting_takes_one_buffer(live: LiveSession) -> None:
    failure = failure_of(live, "workspace_set", name="x")

    assert failure.ename == "InvalidRequestError"
    assert "it takes one buffer and got 0" in failure.evalue


def test_deleting_removes_that_name_and_no_other_of_the_object(live: LiveSession) -> None:
    live.run("first = second = [1]")

    live.ask("workspace_delete", name="first")

    names = live.ask("workspace_list")["names"]
    assert "second" in names
    assert "first" not in names


@pytest.mark.parametrize("op", ["workspace_get", "workspace_delete"])
def test_an_unknown_object_is_named(live: LiveSession, op: str) -> None:
    failure = failure_of(live, op, name="nothing_here")

    assert failure.ename == "WorkspaceObjectNotFound"
    assert '"nothing_here"' in failure.evalue
