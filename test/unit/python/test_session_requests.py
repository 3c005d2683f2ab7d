"""Requests that make no sense are answered, and none of them ends the session."""

from __future__ import annotations

from typing import Any

import pytest
from live_session import LiveSession, OperationFailed


@pytest.mark.parametrize(
    ("content", "ename", "text"),
    [
        ({"op": "dance"}, "UnknownOperationError", "no operation 'dance'; it has assign, "),
        ({"op": None}, "UnknownOperationError", "no operation None"),
        ({"op": ["evaluate"]}, "UnknownOperationError", "no operation ['evaluate']"),
        ({}, "UnknownOperationError", "no operation None"),
        ({"op": "evaluate", "expressions": 3}, "InvalidRequestError", "expressions must be"),
        (
            {"op": "evaluate", "expressions": {"x": 3}},
            "InvalidRequestError",
            "evaluate: expressions.x must be a string",
        ),
        ({"op": "assign", "values": []}, "InvalidRequestError", "values must be an object"),
        (
            {"op": "assign", "values": {}, "trackFiles": "yes"},
            "InvalidRequestError",
            "trackFiles must be a boolean",
        ),
        ({"op": "collect", "names": "x"}, "InvalidRequestError", "names must be an array"),
        ({"op": "collect", "names": [1]}, "InvalidRequestError", "names must be an array"),
        ({"op": "begin_cell"}, "InvalidRequestError", "begin_cell: code must be a string"),
        ({"op": "workspace_get"}, "InvalidRequestError", "name must be a string"),
        ({"op": "describe_function"}, "InvalidRequestError", "name must be a string"),
        (
            {"op": "snapshot_save", "directory": "relative"},
            "InvalidRequestError",
            "must be absolute, not 'relative'",
        ),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    live: LiveSession, content: dict[str, Any], ename: str, text: str
) -> None:
    session = live.client.session
    message = session.msg("slipway_request", content)
    session.send(live.client.shell_channel.socket, message)

    with pytest.raises(OperationFailed) as raised:
        live.receive(message["header"]["msg_id"])

    assert raised.value.ename == ename
    assert text in raised.value.evalue
    assert raised.value.traceback == f"{ename}: {raised.value.evalue}"
    assert live.evaluate("1 + 1") == 2


def test_busy_and_idle_bracket_a_request(live: LiveSession) -> None:
    msg_id = live.send("evaluate", expressions={"x": "print('from inside')"})
    live.receive(msg_id)

    published = live.published_for(msg_id)

    states = [message["content"].get("execution_state") for message in published]
    assert states == ["busy", None, "idle"]
    assert published[1]["content"]["text"] == "from inside\n"


def test_busy_and_idle_bracket_a_request_on_control(live: LiveSession) -> None:
    msg_id = live.send("workspace_list", on="control")
    live.receive(msg_id, "control")

    published = live.published_for(msg_id)

    states = [message["content"].get("execution_state") for message in published]
    assert states == ["busy", "idle"]


def test_what_may_run_user_code_is_refused_on_control(live: LiveSession) -> None:
    with pytest.raises(OperationFailed) as raised:
        live.ask_on_control("evaluate", expressions={"x": "1"})

    assert raised.value.ename == "WrongChannelError"
    assert "shell channel" in raised.value.evalue
