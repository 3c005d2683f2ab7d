"""Towards Jupyter's own messages a session behaves as ipykernel does."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_session import LiveSession, live_session

MAGICS = [
    "connect",
    "session",
    "snapshot",
    "publish",
    "consume",
    "services",
    "service",
    "swagger",
    "files",
    "workspace",
    "status",
    "help",
]


def test_cells_are_counted(live: LiveSession) -> None:
    first = live.execute("x = 1")
    second = live.execute("x + 1")

    number = first.reply["execution_count"]
    assert second.reply["execution_count"] == number + 1
    assert first.of_type("execute_input") == [{"code": "x = 1", "execution_count": number}]
    result = second.of_type("execute_result")[0]
    assert (result["execution_count"], result["data"]["text/plain"]) == (number + 1, "2")


def test_a_silent_cell_is_not_counted(live: LiveSession) -> None:
    number = live.execute("0").reply["execution_count"]

    silent = live.execute("print('heard')", silent=True)

    assert silent.text == "heard\n"
    assert silent.of_type("execute_input") == []
    assert live.execute("0").reply["execution_count"] == number + 1


def test_prints_are_streams_of_their_kind(live: LiveSession) -> None:
    execution = live.execute("import sys\nprint('out')\nprint('err', file=sys.stderr)")

    streams = {stream["name"]: stream["text"] for stream in execution.of_type("stream")}
    assert streams == {"stdout": "out\n", "stderr": "err\n"}


def test_every_line_of_a_long_print_arrives(live: LiveSession) -> None:
    execution = live.execute("for i in range(20_000): print(i)")

    assert execution.text == "".join(f"{i}\n" for i in range(20_000))


def test_a_failing_cell_publishes_one_error(live: LiveSession) -> None:
    execution = live.execute("def f():\n    raise ValueError('bad')\nf()")

    errors = execution.of_type("error")
    assert [(error["ename"], error["evalue"]) for error in errors] == [("ValueError", "bad")]
    assert execution.reply["status"] == "error"
    assert execution.reply["traceback"] == errors[0]["traceback"]
    assert "slipway" not in "".join(errors[0]["traceback"])


def test_an_interrupt_ends_a_cell(live: LiveSession) -> None:
    msg_id = live.start("print('running', flush=True)\nwhile True: pass")
    live.wait_for_output("running")

    live.manager.interrupt_kernel()

    assert live.reply_to(msg_id)["content"]["ename"] == "KeyboardInterrupt"


def test_names_are_completed(live: LiveSession) -> None:
    live.run("flower_data = [1]")

    reply = live.client.complete("print(flower_d", reply=True, timeout=30)["content"]

    assert reply["matches"] == ["flower_data"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (6, 14)


def test_our_magics_are_completed(live: LiveSession) -> None:
    reply = live.client.complete("%publ", reply=True, timeout=30)["content"]

    assert "%publish" in reply["matches"]


def test_a_docstring_is_shown(live: LiveSession) -> None:
    live.run('def described():\n    """Says what it does."""')

    reply = live.client.inspect("described", reply=True, timeout=30)["content"]

    assert reply["found"]
    assert "Says what it does." in reply["data"]["text/plain"]


def test_what_is_complete_is_told(live: LiveSession) -> None:
    statuses = [
        live.reply_to(live.client.is_complete(code))["content"]["status"]
        for code in ("x = 1", "for x in y:", "x = = 1")
    ]

    assert statuses == ["complete", "incomplete", "invalid"]


def test_the_history_holds_the_last_cell(live: LiveSession) -> None:
    live.run("remembered = 1")

    reply = live.client.history(hist_access_type="tail", n=1, reply=True, timeout=30)["content"]

    assert reply["history"][-1][2] == "remembered = 1"


def test_plots_are_inline_images(live: LiveSession) -> None:
    execution = live.execute("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")

    assert [sorted(shown["data"]) for shown in execution.of_type("display_data")] == [
        ["image/png", "text/plain"]
    ]


def test_a_cell_may_await(live: LiveSession) -> None:
    execution = live.execute("import asyncio\nawait asyncio.sleep(0, 'done')")

    assert execution.of_type("execute_result")[0]["data"]["text/plain"] == "'done'"


def test_the_kernel_says_what_it_runs(live: LiveSession) -> None:
    content = live.client.kernel_info(reply=True, timeout=30)["content"]

    assert content["implementation"] == "ipython"
    assert content["language_info"]["name"] == "python"


@pytest.mark.parametrize("name", MAGICS)
def test_a_magic_of_ours_in_a_block_says_where_it_belongs(live: LiveSession, name: str) -> None:
    execution = live.execute(f"if True:\n    %{name} something")

    assert [(error["ename"], error["evalue"]) for error in execution.of_type("error")] == [
        (
            "UsageError",
            f"%{name} belongs at the top level of a cell, not inside an indented block or under "
            "another magic",
        )
    ]
    assert execution.reply["status"] == "error"


def test_a_cell_magic_of_ours_says_so_too(live: LiveSession) -> None:
    execution = live.execute("get_ipython().run_cell_magic('publish', 'Iris V1.0', 'x = 1')")

    assert execution.reply["evalue"].startswith("%%publish belongs at the top level of a cell")


def test_magics_of_ipython_stay_its_own(live: LiveSession) -> None:
    assert live.execute("%time x = 1").reply["status"] == "ok"
    assert live.execute("%%capture said\nprint('hidden')").text == ""
    assert live.evaluate("help.__class__.__module__") == "_sitebuiltins"


def test_modules_of_the_working_directory_are_found_and_hide_nothing_at_the_start(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.py").write_text("value = 7\n")
    for name in ("random", "zmq", "ipykernel", "values", "kernel"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('imported by the session')\n")

    with live_session(tmp_path) as session:
        session.run("import mine")

        assert session.evaluate("mine.value") == 7
        path = session.evaluate("__import__('sys').path")
        # As ipykernel has it: after the standard library, before what is installed.
        installed = next(i for i, entry in enumerate(path) if entry.endswith("site-packages"))
        assert path.index("") < installed
        assert path[-1].endswith("/python")
        assert not any(entry.endswith("slipway_session") for entry in path)


def test_a_session_starts_without_loading_what_it_may_not_need(tmp_path: Path) -> None:
    with live_session(tmp_path) as session:
        loaded = session.evaluate("sorted(__import__('sys').modules)")

    heavy = {"numpy", "pandas", "matplotlib", "cloudpickle", "dill", "slipway_session.snapshot"}
    assert heavy.isdisjoint(loaded)
    assert "slipway_session.functions" not in loaded
