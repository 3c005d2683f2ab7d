"""The history is written after the cells, and whoever reads it finds all of them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from live_session import LiveSession, live_session

_DEADLINE = 20


@pytest.fixture
def session(tmp_path: Path) -> Iterator[LiveSession]:
    with live_session(tmp_path) as session:
        yield session


def database(session: LiveSession) -> str:
    return str(session.evaluate("get_ipython().history_manager.hist_file"))


def written(path: str, mark: str) -> int:
    """Return how many cells with this mark another process finds in the database."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT count(*) FROM history WHERE source_raw LIKE ?"
        return int(connection.execute(query, [f"%{mark}%"]).fetchone()[0])


def cell_content(code: str) -> dict[str, Any]:
    return {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
    }


def on_control(session: LiveSession, msg_type: str, content: dict[str, Any]) -> dict[str, Any]:
    """Send a request on control and return the content of its answer."""
    request = session.client.session.msg(msg_type, content)
    session.client.control_channel.send(request)
    answer: dict[str, Any] = session.reply_to(request["header"]["msg_id"], "control")["content"]
    assert answer["status"] == "ok"
    return answer


def test_cells_are_written_without_being_asked_for(session: LiveSession) -> None:
    path, mark = database(session), uuid4().hex
    for number in range(3):
        session.execute(f"{number}, '{mark}'")

    deadline = time.monotonic() + _DEADLINE
    while written(path, mark) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)

    assert written(path, mark) == 3


def test_cells_are_written_after_the_end_of_a_subshell_that_ran_one(session: LiveSession) -> None:
    path, mark = database(session), uuid4().hex
    subshell = on_control(session, "create_subshell_request", {})["subshell_id"]
    cell = session.client.session.msg("execute_request", cell_content(f"1, '{mark}'"))
    cell["header"]["subshell_id"] = subshell
    session.client.shell_channel.send(cell)
    assert session.reply_to(cell["header"]["msg_id"])["content"]["status"] == "ok"
    on_control(session, "delete_subshell_request", {"subshell_id": subshell})
    session.execute(f"2, '{mark}'")

    deadline = time.monotonic() + _DEADLINE
    while written(path, mark) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)

    assert written(path, mark) == 2


def test_the_last_cell_is_in_the_history_at_once(session: LiveSession) -> None:
    mark = uuid4().hex
    session.execute(f"'{mark}'")

    message = session.client.history(hist_access_type="tail", n=1, reply=True, timeout=30)

    assert message["content"]["history"][-1][2] == f"'{mark}'"


def test_cells_are_written_in_the_middle_of_one_when_a_hundred_wait(session: LiveSession) -> None:
    path, mark = database(session), uuid4().hex

    waiting = session.execute(
        "import time\n"
        "manager, deadline = get_ipython().history_manager, time.monotonic() + 20\n"
        f"for n in range(100): manager.store_inputs(1000 + n, f'{{n}}, {mark}')\n"
        "while manager.db_input_cache and time.monotonic() < deadline: time.sleep(0.01)\n"
        "print(len(manager.db_input_cache))"
    ).text

    assert waiting == "0\n"
    assert written(path, mark) >= 100
