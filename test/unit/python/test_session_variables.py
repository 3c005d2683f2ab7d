"""Setting names of a running session, and reading them with the files that code has written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from live_session import LiveSession, OperationFailed


def failure_of(live: LiveSession, op: str, **arguments: Any) -> OperationFailed:
    with pytest.raises(OperationFailed) as raised:
        live.ask(op, **arguments)
    return raised.value


def test_values_arrive_as_their_types_say(live: LiveSession) -> None:
    live.ask(
        "assign",
        values={"row": [7, 3.2], "m": [[1, 2], [3, 4]], "frame": {"n": [1, 2]}, "text": "a"},
        types={"m": "matrix", "frame": "data.frame"},
    )

    kinds = live.evaluate("[type(value).__name__ for value in (row, m, frame, text)]")
    assert kinds == ["list", "ndarray", "DataFrame", "str"]


def test_nothing_is_set_when_one_value_is_not_of_its_type(live: LiveSession) -> None:
    failure = failure_of(
        live, "assign", values={"first": 1, "second": "b"}, types={"second": "integer"}
    )

    assert failure.ename == "InputValueError"
    assert failure.evalue.startswith("second is a text, not the declared integer")
    assert "first" not in live.ask("workspace_list")["names"]


def test_inputs_are_taken_from_the_body_of_a_request_as_it_came(live: LiveSession) -> None:
    body = b'{"code": "", "inputParameters": [{"name": "x", "value": 9.0}, {"name": "y"}]}'

    live.receive(live.send("assign", asRequest=True, buffers=[body]))

    assert live.evaluate("[type(x).__name__, y]") == ["float", None]


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b'{"inputParameters": [1]}', b"{}"])
def test_a_body_without_inputs_is_refused(live: LiveSession, body: bytes) -> None:
    failure = failure_of(live, "assign", asRequest=True, buffers=[body])

    assert failure.ename == "InvalidRequestError"


def test_collected_values_can_be_texts_of_json(live: LiveSession) -> None:
    live.run("n, frame = 2**63 + 1, {'10': [1.0], '9': [2]}")

    collected = live.ask("collect", names=["n", "frame"], asText=True)

    assert [value["value"] for value in collected["values"]] == [
        "9223372036854775809",
        '{"10":[1.0],"9":[2]}',
    ]


def test_values_as_text_keep_what_javascript_would_change(live: LiveSession) -> None:
    live.run("sent = [9.0, 2**60 + 1]")

    values = live.ask("evaluate", expressions={"v": "sent"}, asText=True)["values"]
    live.ask("assign", values={"received": values["v"]}, asText=True)

    assert values == {"v": "[9.0,1152921504606846977]"}
    assert live.evaluate("repr(received)") == "[9.0, 1152921504606846977]"


def test_a_text_that_is_no_json_is_refused(live: LiveSession) -> None:
    failure = failure_of(live, "assign", values={"x": "{"}, asText=True)

    assert failure.ename == "InvalidRequestError"
    assert "the text of x is not JSON" in failure.evalue


@pytest.mark.parametrize("name", ["a b", "class", "1x", ""])
def test_a_name_that_python_cannot_use_is_refused(live: LiveSession, name: str) -> None:
    assert failure_of(live, "assign", values={name: 1}).ename == "InvalidNameError"


def test_a_type_that_does_not_exist_is_named(live: LiveSession) -> None:
    failure = failure_of(live, "assign", values={"a": 1}, types={"a": "tensor"})

    assert failure.ename == "UnknownWireTypeError"
    assert '"tensor"' in failure.evalue


def test_outputs_come_in_the_order_asked_for(live: LiveSession) -> None:
    live.run("import numpy as np\nb = np.array([1, 2])\na = 'x'")

    collected = live.ask("collect", names=["b", "a"])

    assert collected["values"] == [{"name": "b", "value": [1, 2]}, {"name": "a", "value": "x"}]


def test_a_missing_output_is_named(live: LiveSession) -> None:
    failure = failure_of(live, "collect", names=["never_set"])

    assert failure.ename == "MissingOutputError"
    assert '"never_set"' in failure.evalue


def test_an_output_that_json_cannot_carry_is_named_by_its_path(live: LiveSession) -> None:
    live.run("result = {'items': [1, 2, {3: 4}]}")

    failure = failure_of(live, "collect", names=["result"])

    assert failure.ename == "OutputValueError"
    assert failure.evalue.startswith("result.items[2] has the key 3 of type int")


def test_after_a_failed_execution_no_earlier_values_are_returned(live: LiveSession) -> None:
    live.run("answer = 42")
    live.execute("answer = 43\n1 / 0")

    assert live.ask("collect", names=["answer"], ifSucceeded=True)["values"] == []

    live.run("pass")
    collected = live.ask("collect", names=["answer"], ifSucceeded=True)
    assert collected["values"] == [{"name": "answer", "value": 43}]


def test_after_an_execution_that_was_dropped_no_earlier_values_are_returned(
    live: LiveSession,
) -> None:
    live.run("import os\nanswer = 42")
    directory = Path(live.evaluate("os.getcwd()"))
    live.start("while not os.path.exists('queued'): pass\n1 / 0", stop_on_error=True)
    live.send("assign", values={}, trackFiles=True)
    dropped = live.start("answer = 43")
    collecting = live.send("collect", names=["answer"], ifSucceeded=True)
    (directory / "queued").touch()

    status = live.reply_to(dropped)["content"]["status"]
    result, _ = live.receive(collecting)

    assert (status, result["values"]) in [
        ("aborted", []),
        # The call came in when the failing cell was over.
        ("ok", [{"name": "answer", "value": 43}]),
    ]


def test_the_failure_of_another_client_does_not_count(live: LiveSession) -> None:
    live.run("answer = 42")
    other = live.another_client()
    try:
        other.wait_for_ready(timeout=30)
        other.execute("1 / 0", reply=True, timeout=30, stop_on_error=False)
    finally:
        other.stop_channels()

    collected = live.ask("collect", names=["answer"], ifSucceeded=True)

    assert collected["values"] == [{"name": "answer", "value": 42}]


def test_a_call_may_be_sent_without_waiting_for_its_parts(live: LiveSession) -> None:
    live.send("assign", values={"x": 20}, trackFiles=True)
    live.start("y = x + 1\nopen('sent.txt', 'w').write('a')")
    msg_id = live.send("collect", names=["y"], ifSucceeded=True)

    result, _ = live.receive(msg_id)

    assert result == {"values": [{"name": "y", "value": 21}], "changedFiles": ["sent.txt"]}


def test_files_that_the_code_has_written_are_told(live: LiveSession) -> None:
    live.run(
        "import os, pathlib\n"
        "pathlib.Path('same.txt').write_text('same')\n"
        "pathlib.Path('old.txt').write_text('old')"
    )
    live.ask("assign", values={}, trackFiles=True)

    live.run(
        "os.makedirs('plots/deep')\n"
        "pathlib.Path('plots/deep/new.png').write_bytes(b'png')\n"
        "pathlib.Path('old.txt').write_text('now longer')\n"
        "os.symlink('/etc', 'outside')\n"
        "os.makedirs('__pycache__')\n"
        "pathlib.Path('__pycache__/x.pyc').write_text('')\n"
        "os.chdir('plots')"
    )
    changed = live.ask("collect", names=[])["changedFiles"]
    live.run("os.chdir('..')")

    assert changed == ["old.txt", "plots/deep/new.png"]


def test_a_file_replaced_by_one_of_equal_size_is_told(live: LiveSession, tmp_path: Path) -> None:
    live.run("pathlib.Path('swap.txt').write_text('aaaa')")
    live.ask("assign", values={}, trackFiles=True)

    live.run(
        "state = os.stat('swap.txt')\n"
        "pathlib.Path('swap.new').write_text('bbbb')\n"
        "os.utime('swap.new', ns=(state.st_atime_ns, state.st_mtime_ns))\n"
        "os.replace('swap.new', 'swap.txt')"
    )

    assert live.ask("collect", names=[])["changedFiles"] == ["swap.txt"]


def test_without_tracking_no_file_is_told(tmp_path: Path) -> None:
    from live_session import live_session

    with live_session(tmp_path) as session:
        session.run("open('a.txt', 'w').close()")

        assert session.ask("collect", names=[])["changedFiles"] == []
