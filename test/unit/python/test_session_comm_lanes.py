"""The messages of a comm go where there is time for them, and keep their order."""

from __future__ import annotations

import pytest
from slipway_session.comm_lanes import CommLanes

MAIN = None


def exists(_subshell: str) -> bool:
    return True


@pytest.fixture
def lanes() -> CommLanes:
    return CommLanes(awaiting_cells_give_way=True)


def test_while_the_main_shell_is_free_all_go_there(lanes: CommLanes) -> None:
    assert lanes.assign("slider", "sub", exists) is MAIN


def test_while_a_cell_runs_they_go_where_the_sender_says(lanes: CommLanes) -> None:
    lanes.cell_sent()

    assert lanes.assign("slider", "sub", exists) == "sub"
    assert lanes.assign("button", MAIN, exists) is MAIN


def test_while_another_cell_waits_the_end_of_one_changes_nothing(lanes: CommLanes) -> None:
    lanes.cell_sent()
    lanes.cell_sent()
    lanes.cell_ended()
    assert lanes.assign("slider", "sub", exists) == "sub"
    lanes.handled("slider", "sub")
    lanes.cell_ended()

    assert lanes.assign("slider", "sub", exists) is MAIN


def test_what_was_sent_before_a_cell_is_not_overtaken_during_it(lanes: CommLanes) -> None:
    lanes.assign("slider", "sub", exists)
    lanes.cell_sent()

    assert lanes.assign("slider", "sub", exists) is MAIN
    assert lanes.assign("button", "sub", exists) == "sub"

    lanes.handled("slider", MAIN)
    assert lanes.assign("slider", "sub", exists) is MAIN
    lanes.handled("slider", MAIN)
    lanes.handled("slider", MAIN)
    assert lanes.assign("slider", "sub", exists) == "sub"


def test_what_was_sent_during_a_cell_is_not_overtaken_after_it(lanes: CommLanes) -> None:
    lanes.cell_sent()
    lanes.assign("slider", "sub", exists)
    lanes.cell_ended()

    assert lanes.assign("slider", "other", exists) == "sub"

    lanes.handled("slider", "sub")
    lanes.handled("slider", "sub")
    assert lanes.assign("slider", "sub", exists) is MAIN


def test_a_cell_that_awaits_leaves_the_main_shell_free(lanes: CommLanes) -> None:
    lanes.cell_sent()
    with lanes.cell_that_awaits():
        assert lanes.assign("slider", "sub", exists) is MAIN
        lanes.handled("slider", MAIN)

    assert lanes.assign("slider", "sub", exists) == "sub"


def test_it_does_not_where_ipykernel_handles_no_comm_beside_it() -> None:
    lanes = CommLanes(awaiting_cells_give_way=False)
    lanes.cell_sent()

    with lanes.cell_that_awaits():
        assert lanes.assign("slider", "sub", exists) == "sub"


def test_a_reply_that_is_waited_for_is_not_overtaken(lanes: CommLanes) -> None:
    lanes.cell_sent()
    lanes.assign_to("slider", MAIN)

    assert lanes.assign("slider", "sub", exists) is MAIN


def test_a_reply_elsewhere_lets_nothing_overtake_what_came_before(lanes: CommLanes) -> None:
    lanes.cell_sent()
    lanes.assign("slider", "sub", exists)
    lanes.assign_to("slider", MAIN)

    assert lanes.assign("slider", "sub", exists) == "sub"


def test_a_subshell_that_is_gone_keeps_no_comm(lanes: CommLanes) -> None:
    lanes.cell_sent()
    lanes.assign("slider", "gone", exists)

    assert lanes.assign("slider", "sub", lambda subshell: subshell == "sub") == "sub"
    assert lanes.assign("button", "gone", lambda _subshell: False) is MAIN
    # What it still had in hand is not counted twice.
    lanes.handled("slider", "gone")
    assert lanes.assign("slider", "other", exists) == "sub"
