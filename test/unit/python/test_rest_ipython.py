"""Cells in a session whose Python is an IPython shell, but no Jupyter kernel."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from plain_session import PlainSession
from slipway_rest.shell import transform


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainSession]:
    session = PlainSession(tmp_path_factory.mktemp("session"), ipython=True)
    yield session
    session.close()


def test_says_that_it_has_ipython(shell: PlainSession) -> None:
    assert shell.ask("info").reply["result"]["ipython"] is True


def test_magics_and_commands_run(shell: PlainSession) -> None:
    outcome = shell.cell("!echo command\n%time y = 2\ny")
    assert outcome.printed("stdout").startswith("command")
    assert "Wall time" in outcome.printed("stdout")
    assert outcome.shown("execute_result")[0]["data"] == {"text/plain": "2"}


def test_what_magics_catch_is_shown_and_the_cell_goes_on(shell: PlainSession) -> None:
    (shell.directory / "failing.py").write_text("1/0")
    outcome = shell.cell("%run failing.py\nprint('on')")
    assert "ZeroDivisionError" in outcome.printed("stderr")
    assert outcome.printed("stdout") == "on\n"


def test_a_magic_that_does_not_exist_fails_the_cell(shell: PlainSession) -> None:
    reply = shell.cell("%nonsense").reply
    assert (reply["status"], reply["ename"]) == ("error", "UsageError")


def test_displays_come_in_order_with_what_is_printed(shell: PlainSession) -> None:
    outcome = shell.cell(
        "from IPython.display import HTML, clear_output, display\nprint(1)\n"
        "handle = display(HTML('<b>'), display_id=True)\nhandle.update(HTML('<i>'))\n"
        "clear_output(wait=True)\nprint(2)"
    )
    kinds = [message.get("type", "text") for message in outcome.messages]
    assert kinds == ["text", "display_data", "update_display_data", "clear_output", "text"]
    assert outcome.shown("display_data")[0]["data"]["text/html"] == "<b>"


def test_plots_are_shown_without_a_word_of_configuration(shell: PlainSession) -> None:
    outcome = shell.cell("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    [figure] = outcome.shown("display_data")
    assert figure["data"]["image/png"].startswith("iVBORw0KGgo")
    assert outcome.printed("stderr") == ""


def test_tracebacks_are_those_of_ipython(shell: PlainSession) -> None:
    shell.cell("def fail():\n    raise ValueError('no')")
    text = "\n".join(shell.cell("fail()").reply["traceback"])
    assert "In[" in text
    assert "slipway_rest" not in text
    assert "SyntaxError" in "\n".join(shell.cell("1 +").reply["traceback"])


def test_results_follow_the_shells_own_settings(shell: PlainSession) -> None:
    shell.cell("get_ipython().ast_node_interactivity = 'all'")
    shown = shell.cell("1\n2").shown("execute_result")
    shell.cell("get_ipython().ast_node_interactivity = 'last_expr'")
    assert [each["data"]["text/plain"] for each in shown] == ["1", "2"]


def test_completes_and_inspects_by_ipython(shell: PlainSession) -> None:
    shell.cell("import os")
    matches = shell.ask("complete", code="os.path.joi", cursor_pos=11).reply["matches"]
    assert any("join" in match for match in matches)
    found = shell.ask("inspect", code="os.path.join", cursor_pos=12).reply
    assert "Signature" in found["data"]["text/plain"]
    assert shell.ask("inspect", code="nowhere", cursor_pos=3).reply["found"] is False


def test_the_history_survives_a_reset(shell: PlainSession) -> None:
    shell.cell("kept = 1")
    shell.cell("%reset -f")
    assert shell.cell("kept").reply["ename"] == "NameError"
    result = shell.cell("In[-1]").shown("execute_result")[0]
    assert result["data"]["text/plain"] == "'In[-1]'"


def test_ipython_before_7_transforms_cells_in_parts() -> None:
    prefiltered: list[str] = []

    def prefilter(lines: str) -> str:
        prefiltered.append(lines)
        return lines.rstrip("\n")

    old: Any = SimpleNamespace(
        input_transformer_manager=TransformerManager(),
        prefilter_manager=SimpleNamespace(prefilter_lines=prefilter),
    )
    assert transform(old, "%time 1") == "get_ipython().run_line_magic('time', '1')\n"
    assert transform(old, "x = 1\ny = 2") == "x = 1\ny = 2\n"
    assert len(prefiltered) == 1
