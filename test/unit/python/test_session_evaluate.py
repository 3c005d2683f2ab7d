"""Expressions of the user, evaluated in a running session."""

from __future__ import annotations

from typing import Any

import pytest
from live_session import LiveSession, OperationFailed


def failure_of(live: LiveSession, expression: str, wire_type: str | None = None) -> OperationFailed:
    with pytest.raises(OperationFailed) as raised:
        live.evaluate(expression, wire_type)
    return raised.value


def test_expressions_see_the_names_of_the_cells(live: LiveSession) -> None:
    live.run("import numpy as np\nrow = np.array([7, 3.2])")

    result = live.ask(
        "evaluate",
        expressions={
            "flower": "row",
            "rest": "[x * factor for factor in (1, 2) for x in row.tolist()]",
        },
        types={"flower": "vector"},
    )

    assert result == {"values": {"flower": [7.0, 3.2], "rest": [7.0, 3.2, 14.0, 6.4]}}


def test_a_value_takes_the_type_of_its_label(live: LiveSession) -> None:
    assert live.evaluate("{'a': 1}", "data.frame") == {"a": [1]}
    assert live.evaluate("np.array([2.0])", "integer") == 2


def test_an_expression_may_change_the_namespace(live: LiveSession) -> None:
    live.evaluate("globals().__setitem__('made', [1])")

    assert live.evaluate("made") == [1]


def test_an_exception_is_the_users_with_no_frame_of_ours(live: LiveSession) -> None:
    live.run("def divide(a):\n    return a / 0")

    failure = failure_of(live, "divide(1)")

    assert (failure.ename, failure.evalue) == ("ZeroDivisionError", "division by zero")
    assert "<result>" in failure.traceback
    assert "return" in failure.traceback
    assert "slipway_session" not in failure.traceback


@pytest.mark.parametrize(
    ("expression", "ename"),
    [
        ("1 +", "SyntaxError"),
        ("x = 1", "SyntaxError"),
        ("", "SyntaxError"),
        ("not_there", "NameError"),
        ("__import__('sys').exit(3)", "SystemExit"),
        ("(lambda f: f(f))(lambda f: f(f))", "RecursionError"),
    ],
)
def test_a_bad_expression_is_an_error_and_the_session_goes_on(
    live: LiveSession, expression: str, ename: str
) -> None:
    assert failure_of(live, expression).ename == ename
    assert live.evaluate("1 + 1") == 2


def test_an_exception_without_a_text_does_not_end_the_session(live: LiveSession) -> None:
    live.run(
        "class Mute(Exception):\n"
        "    def __str__(self): raise ValueError('no text')\n"
        "def fail(): raise Mute"
    )

    failure = failure_of(live, "fail()")

    assert failure.ename == "Mute"
    assert live.evaluate("1 + 1") == 2


@pytest.mark.parametrize(
    ("expression", "wire_type", "message"),
    [
        ("{'items': [1, 2, object()]}", None, "result.items[2] is of type object"),
        ("b'x'", None, "result is of type bytes"),
        ("'a'", "numeric", "result is of type str, not the declared numeric"),
    ],
)
def test_a_value_that_json_cannot_carry_is_named(
    live: LiveSession, expression: str, wire_type: Any, message: str
) -> None:
    failure = failure_of(live, expression, wire_type)

    assert failure.ename == "OutputValueError"
    assert failure.evalue.startswith(message)


def test_a_number_of_too_many_digits_is_an_error_and_not_a_silence(live: LiveSession) -> None:
    failure = failure_of(live, "10 ** 10_000")

    assert failure.ename == "ValueError"
    assert "cannot be sent as JSON" in failure.evalue


def test_an_interrupt_ends_an_expression_that_waits(live: LiveSession) -> None:
    waiting = "(print('waiting', flush=True), __import__('threading').Event().wait())"
    msg_id = live.send("evaluate", expressions={"result": waiting})
    live.wait_for_output("waiting")

    live.manager.interrupt_kernel()

    with pytest.raises(OperationFailed) as raised:
        live.receive(msg_id)
    assert raised.value.ename == "KeyboardInterrupt"
    assert live.evaluate("1 + 1") == 2


def test_evaluating_leaves_counter_and_history_alone(live: LiveSession) -> None:
    before = live.evaluate("(get_ipython().execution_count, len(In), sorted(Out))")

    live.evaluate("123456")

    assert live.evaluate("(get_ipython().execution_count, len(In), sorted(Out))") == before
