"""A session that was warmed up differs from a fresh one in nothing but speed."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_session import LiveSession, OperationFailed, live_session

STEPS = ["cell", "result", "inspection", "completion"]

# What user code can see of what ran before it.
TRACES = """[
    sorted(globals()), len(In), Out, (_, __, ___), get_ipython().execution_count,
    sorted(get_ipython().user_ns_hidden),
]"""


def traces(session: LiveSession) -> object:
    return session.evaluate(TRACES)


def history(session: LiveSession) -> list[object]:
    message = session.client.history(
        hist_access_type="range", session=0, start=1, raw=True, reply=True, timeout=30
    )
    return message["content"]["history"]


def test_warming_up_leaves_no_trace(tmp_path: Path) -> None:
    with live_session(tmp_path) as session:
        before = traces(session)
        for step in STEPS:
            session.ask("warm_up", step=step)

        assert traces(session) == before
        assert history(session) == []
        assert session.execute("1 + 1").of_type("execute_result")[0]["execution_count"] == 1


def test_a_step_that_there_is_not_is_refused(live: LiveSession) -> None:
    with pytest.raises(OperationFailed, match="there is no step tea"):
        live.ask("warm_up", step="tea")
