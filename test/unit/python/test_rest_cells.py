"""Cells on a server that has only R Server's API, in a session without IPython."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from plain_session import PlainSession


def test_prints_in_the_order_in_which_the_code_did(plain: PlainSession) -> None:
    outcome = plain.cell(
        "import sys\nprint('a')\nprint('b', file=sys.stderr)\ndisplay(1)\nprint('ä\\r', end='')"
    )
    assert [list(message)[0] for message in outcome.messages] == [
        "stdout",
        "stderr",
        "type",
        "stdout",
    ]
    assert outcome.printed("stdout") == "a\nä\r"
    assert outcome.printed("stderr") == "b\n"


def test_a_console_without_unicode_takes_any_text(tmp_path: Path) -> None:
    session = PlainSession(tmp_path, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    outcome = session.cell("print('aé€😀')")
    session.close()
    assert outcome.printed("stdout") == "aé€😀\n"


def test_shows_the_value_of_the_last_expression_and_numbers_it(plain: PlainSession) -> None:
    outcome = plain.cell("x = 1\nx + 1")
    assert outcome.shown("execute_result") == [
        {"execution_count": 1, "data": {"text/plain": "2"}, "metadata": {}}
    ]
    assert outcome.reply["execution_count"] == 1
    assert plain.cell("(_, Out[1], In[1], _i)").shown("execute_result")[0]["data"] == {
        "text/plain": "(2, 2, 'x = 1\\nx + 1', 'x = 1\\nx + 1')"
    }


@pytest.mark.parametrize("code", ["1;", "1; # quiet", "x = 1", "None", "for i in [1]:\n    i", ""])
def test_shows_nothing_for(plain: PlainSession, code: str) -> None:
    assert plain.cell(code).messages == []


def test_silent_cells_and_cells_without_history_leave_no_trace(plain: PlainSession) -> None:
    assert plain.cell("1", silent=True).messages == []
    shown = plain.cell("2", store_history=False)
    assert shown.reply["execution_count"] == 0
    assert shown.shown("execute_result")[0]["execution_count"] == 1
    assert plain.cell("len(In)").reply["execution_count"] == 1


def test_a_value_shows_its_rich_forms(plain: PlainSession) -> None:
    code = """
class Rich:
    def _repr_html_(self):
        return '<b>rich</b>'
    def _repr_png_(self):
        return b'png', {'width': 3}
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {'application/x-mine': [1]}
    def __repr__(self):
        return 'Rich()'
Rich()
"""
    [result] = plain.cell(code).shown("execute_result")
    assert result["data"] == {
        "text/plain": "Rich()",
        "text/html": "<b>rich</b>",
        "image/png": "cG5n",
        "application/x-mine": [1],
    }
    assert result["metadata"] == {"image/png": {"width": 3}}


def test_a_display_can_be_updated(plain: PlainSession) -> None:
    outcome = plain.cell("handle = display(1, display_id=True)\nhandle.update(2)")
    [first] = outcome.shown("display_data")
    [second] = outcome.shown("update_display_data")
    assert first["transient"] == second["transient"] == {"display_id": "slipway-1"}
    assert second["data"] == {"text/plain": "2"}


def test_large_outputs_go_by_a_file_that_is_gone_when_the_next_cell_runs(
    plain: PlainSession,
) -> None:
    outcome = plain.cell("display('x' * 100000)")
    assert len(outcome.shown("display_data")[0]["data"]["text/plain"]) == 100002
    assert list(plain.directory.glob(".slipway*"))
    plain.cell("1")
    assert list(plain.directory.glob(".slipway*")) == []


def test_large_outputs_go_by_the_console_where_no_file_can_be_written(plain: PlainSession) -> None:
    plain.directory.rename(plain.directory.with_name("moved"))
    outcome = plain.cell("display('x' * 100000)")
    assert len(outcome.shown("display_data")[0]["data"]["text/plain"]) == 100002


def test_plots_appear_below_the_cell_that_drew_them(plain: PlainSession) -> None:
    outcome = plain.cell("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint(1)")
    [figure] = outcome.shown("display_data")
    assert figure["data"]["image/png"].startswith("iVBORw0KGgo")
    assert outcome.printed("stderr") == ""
    assert outcome.messages[-1] == {"stdout": "1\n"}
    left_open = plain.cell("plt.plot([1, 2]);")
    assert len(left_open.shown("display_data")) == 1
    assert plain.cell("plt.get_fignums()").shown("execute_result")[0]["data"]["text/plain"] == "[]"


def test_an_error_has_a_traceback_through_the_cells(plain: PlainSession) -> None:
    plain.cell("def fail():\n    raise ValueError('no')")
    reply = plain.cell("print(1)\nfail()").reply
    assert reply["status"] == "error"
    assert (reply["ename"], reply["evalue"]) == ("ValueError", "no")
    text = "\n".join(reply["traceback"])
    assert "Cell In[2]\x1b[0m, line 2" in text
    assert "---->" in text
    assert "raise ValueError('no')" in text
    assert "slipway_rest" not in text
    assert reply["execution_count"] == 2


def test_an_error_names_its_causes(plain: PlainSession) -> None:
    code = "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('b') from e"
    text = "\n".join(plain.cell(code).reply["traceback"])
    assert text.index("KeyError") < text.index("direct cause") < text.rindex("ValueError")


@pytest.mark.parametrize(
    ("code", "ename"),
    [
        ("1 +", "SyntaxError"),
        ("return 1", "SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("input('?')", "StdinNotImplementedError"),
        ("import getpass; getpass.getpass()", "StdinNotImplementedError"),
        ("import sys; sys.stdin.readline()", "StdinNotImplementedError"),
        ("class E(Exception):\n    def __str__(self): 1/0\nraise E", "E"),
    ],
)
def test_fails_with(plain: PlainSession, code: str, ename: str) -> None:
    reply = plain.cell(code).reply
    assert (reply["status"], reply["ename"]) == ("error", ename)
    assert reply["traceback"]
    assert plain.cell("1").reply["status"] == "ok"


def test_await_at_the_top_level_is_refused_with_a_way_that_works(plain: PlainSession) -> None:
    setup = "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    return 7"
    plain.cell(setup)
    reply = plain.cell("await main()").reply
    assert reply["ename"] == "TopLevelAwaitError"
    way = reply["evalue"].split("thread: ")[1].replace("; ", "\n")
    assert plain.cell(way).shown("execute_result")[0]["data"]["text/plain"] == "7"


def test_imports_from_future_hold_for_later_cells(plain: PlainSession) -> None:
    plain.cell("from __future__ import annotations")
    assert plain.cell("def f(x: nowhere): pass").reply["status"] == "ok"


def test_user_expressions_are_evaluated_one_by_one(plain: PlainSession) -> None:
    reply = plain.cell("x = 3", user_expressions={"a": "x", "b": "nowhere"}).reply
    assert reply["user_expressions"]["a"]["data"] == {"text/plain": "3"}
    assert reply["user_expressions"]["b"]["ename"] == "NameError"


def test_an_interrupt_ends_the_cell_and_nothing_else(plain: PlainSession) -> None:
    plain.cell("import time")
    request = plain.begin("execute", code="print('begun', flush=True)\ntime.sleep(60)")
    console = b""
    while b"begun\n" not in console:
        console += plain.read(1)
    os.kill(plain.pid, signal.SIGINT)
    outcome = plain.end(request, console)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert "time.sleep(60)" in "\n".join(outcome.reply["traceback"])
    assert plain.cell("1").reply["status"] == "ok"


# An interrupt that comes while the answer is written, once.
INTERRUPTED_ANSWER = """
import sys
class Interrupted:
    encoding = "utf-8"
    def __init__(self, original):
        self.original = original
        self.flush = original.flush
    def write(self, text):
        if '"reply"' in text:
            sys.stdout = self.original
            self.write = self.original.write
            raise KeyboardInterrupt
        self.original.write(text)
sys.stdout = Interrupted(sys.stdout)
"""


def test_an_interrupt_while_the_answer_is_written_is_an_answer(plain: PlainSession) -> None:
    plain.run(INTERRUPTED_ANSWER)
    outcome = plain.cell("print(1)")
    assert outcome.printed("stdout") == "1\n"
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert outcome.reply["execution_count"] == 1
    assert plain.cell("1").reply["execution_count"] == 2


def test_a_logging_handler_made_in_one_cell_writes_in_another(plain: PlainSession) -> None:
    plain.cell("import logging, sys\nlogging.basicConfig(stream=sys.stdout, format='%(message)s')")
    assert plain.cell("logging.warning('heard')").printed("stdout") == "heard\n"


def test_the_state_survives_a_new_installation(plain: PlainSession) -> None:
    plain.cell("x = 5")
    plain.install()
    outcome = plain.cell("x, In[1]")
    assert outcome.reply["execution_count"] == 2
    assert outcome.shown("execute_result")[0]["data"]["text/plain"] == "(5, 'x = 5')"
