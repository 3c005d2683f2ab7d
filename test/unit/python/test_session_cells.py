"""Cells that run in pieces between begin_cell and end_cell look like one cell."""

from __future__ import annotations

import re
from typing import Any

from live_session import Execution, LiveSession


def run_piece(live: LiveSession, code: str) -> Execution:
    return live.execute(code, store_history=False)


def history(live: LiveSession) -> list[Any]:
    message = live.client.history(hist_access_type="tail", n=1, raw=True, reply=True, timeout=30)
    return message["content"]["history"][-1][1:]


def test_a_cell_in_pieces_has_one_number_and_one_entry_of_the_history(live: LiveSession) -> None:
    code = "%status\nx = 1\nx + 1"
    before = live.execute("0").reply["execution_count"]

    number = live.ask("begin_cell", code=code, storeHistory=True)["executionCount"]
    run_piece(live, "x = 1")
    result = run_piece(live, "x + 1").of_type("execute_result")[0]
    following = live.ask("end_cell", storeHistory=True)["executionCount"]

    assert number == before + 1
    assert following == number + 1
    assert result["execution_count"] == number
    assert history(live) == [number, code]
    assert live.evaluate("In[-1]").endswith("x = 1\nx + 1")
    assert live.evaluate(f"Out[{number}]") == 2
    assert live.execute("0").reply["execution_count"] == following


def test_a_cell_that_does_not_count_leaves_counter_and_history_alone(live: LiveSession) -> None:
    before = live.execute("0").reply["execution_count"]
    last = history(live)

    number = live.ask("begin_cell", code="%status", storeHistory=False)["executionCount"]
    following = live.ask("end_cell", storeHistory=False)["executionCount"]

    assert number == following == before + 1
    assert history(live) == last


def test_a_traceback_in_a_piece_names_the_cell(live: LiveSession) -> None:
    number = live.ask("begin_cell", code="%status\n1 / 0", storeHistory=True)["executionCount"]

    error = run_piece(live, "\n1 / 0").of_type("error")[0]
    live.ask("end_cell", storeHistory=True)

    assert f"In[{number}]" in "".join(error["traceback"]).replace("\x1b[39m", "").replace(
        "\x1b[32m", ""
    )


def test_a_traceback_shows_the_lines_of_all_pieces_of_the_cell(live: LiveSession) -> None:
    code = "%status\ndef fails():\n    return 1 / 0\n%status\nfails()"
    live.ask("begin_cell", code=code, storeHistory=True)

    run_piece(live, "#\ndef fails():\n    return 1 / 0\npass\n")
    error = run_piece(live, "#\n\n\n\nfails()").of_type("error")[0]
    live.ask("end_cell", storeHistory=True)

    shown = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))
    assert re.search(r"-> 3 +return 1 / 0", shown)
    assert re.search(r"-> 5 +fails\(\)", shown)


def test_code_that_is_no_python_can_still_begin_a_cell(live: LiveSession) -> None:
    number = live.ask("begin_cell", code="%status\n'open", storeHistory=True)["executionCount"]
    live.ask("end_cell", storeHistory=True)

    assert history(live) == [number, "%status\n'open"]


def test_a_session_that_takes_over_goes_on_counting(live: LiveSession) -> None:
    first = live.execute("0").reply["execution_count"] + 10

    following = live.ask("continue_count", executionCount=first)["executionCount"]
    result = live.execute("'taken over'").of_type("execute_result")[0]

    assert following == result["execution_count"] == first
    assert live.evaluate(f"In[{first}]") == "'taken over'"
    assert live.evaluate(f"Out[{first}]") == "taken over"
    assert history(live) == [first, "'taken over'"]


def test_a_count_does_not_go_back(live: LiveSession) -> None:
    before = live.execute("0").reply["execution_count"]

    assert live.ask("continue_count", executionCount=1)["executionCount"] == before + 1
