"""What a cell does to sys.stdout and sys.stderr takes nothing from the cells after it."""

from __future__ import annotations

import pytest
from live_session import LiveSession

BACK = "sys.stdout was no open stream and is the session's again.\n"


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.stdout = None",
        "import sys; del sys.stdout",
        "import sys; sys.stdout = 5",
        "import io, sys; sys.stdout = io.StringIO(); sys.stdout.close()",
    ],
)
def test_a_stdout_that_is_none_is_replaced_and_the_user_told(live: LiveSession, code: str) -> None:
    assert live.execute(code).text == BACK
    assert live.execute("print('heard')").text == "heard\n"


def test_stdout_that_is_closed_keeps_what_was_printed_and_works_on(live: LiveSession) -> None:
    assert live.execute("import sys; print('last'); sys.stdout.close()").text == "last\n"
    assert live.execute("print('heard')").text == "heard\n"


def test_a_session_without_both_streams_answers_and_has_them_again(live: LiveSession) -> None:
    execution = live.execute(
        "import sys; sys.stdout.close(); sys.stderr.close(); sys.stdout = sys.stderr = None"
    )
    assert execution.reply["status"] == "ok"
    assert execution.text == (
        "sys.stdout and sys.stderr were no open streams and are the session's again.\n"
    )
    assert live.ask("evaluate", expressions={"a": "6 * 7"}) == {"values": {"a": 42}}


def test_an_error_is_shown_though_its_cell_took_stdout_away(live: LiveSession) -> None:
    execution = live.execute("import sys; sys.stdout = None; 1 / 0")
    assert execution.reply["ename"] == "ZeroDivisionError"
    assert [error["ename"] for error in execution.of_type("error")] == ["ZeroDivisionError"]


def test_a_request_is_answered_though_its_expression_took_the_streams_away(
    live: LiveSession,
) -> None:
    taken = "[setattr(__import__('sys'), name, None) for name in ('stdout', 'stderr')]"
    assert live.ask("evaluate", expressions={"a": taken}) == {"values": {"a": [None, None]}}
    assert live.execute("print('heard')").text == "heard\n"


def test_another_stream_that_works_stays(live: LiveSession) -> None:
    live.execute("import io, sys; own = sys.stdout; sys.stdout = io.StringIO(); print('kept')")
    kept = live.execute("text = sys.stdout.getvalue(); sys.stdout = own; print(repr(text))")
    assert kept.text == "'kept\\n'\n"
