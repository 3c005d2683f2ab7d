"""Comms are handled while a cell runs, in the order of their messages, by the right thread."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from comm_client import TARGET, Comms
from ipykernel import version_info
from live_session import LiveSession, live_session

if version_info < (7,):
    pytest.skip("this ipykernel has no subshells", allow_module_level=True)

awaiting_cells_give_way = pytest.mark.skipif(
    version_info < (7, 4), reason="this ipykernel handles no comm beside a cell that awaits"
)

_DEADLINE = 20


@pytest.fixture
def comms(live: LiveSession) -> Iterator[Comms]:
    live.run(TARGET)
    comms = Comms(live)
    yield comms
    comms.control("delete_subshell_request", subshell_id=comms.subshell)


def run_until_told(live: LiveSession, comm_id: str, wait: str) -> str:
    """Start a cell that ends when the comm has told it the number 7."""
    cell = live.start(
        f"deadline = time.monotonic() + {_DEADLINE}\n"
        "print('begun', flush=True)\n"
        f"while values.get({comm_id!r}) != 7 and time.monotonic() < deadline:\n    {wait}\n"
        f"values.get({comm_id!r})"
    )
    live.wait_for_output("begun")
    return cell


@pytest.mark.parametrize("wait", ["time.sleep(0.01)", "sum(range(1000))"])
def test_a_running_cell_sees_what_a_comm_says(live: LiveSession, comms: Comms, wait: str) -> None:
    comm_id = comms.open()
    cell = run_until_told(live, comm_id, wait)

    comms.idle(comms.send(comm_id, 7))

    assert comms.result(cell) == "7"
    assert live.evaluate(f"threads[{comm_id!r}]") == [False]


def test_it_does_when_the_cell_has_sent_something_over_the_comm(
    live: LiveSession, comms: Comms
) -> None:
    comm_id = comms.open()
    live.run(f"get_ipython().kernel.comm_manager.comms[{comm_id!r}].send({{'n': 1}})")
    cell = run_until_told(live, comm_id, "time.sleep(0.01)")

    comms.idle(comms.send(comm_id, 7))

    assert comms.result(cell) == "7"


def test_a_comm_is_opened_and_closed_while_a_cell_runs(live: LiveSession, comms: Comms) -> None:
    kept = comms.open()
    cell = run_until_told(live, kept, "time.sleep(0.01)")

    other = comms.open()
    comms.idle(comms.send(other, 1))
    comms.idle(comms.post("comm_close", other, data={}))
    comms.idle(comms.send(kept, 7))

    assert comms.result(cell) == "7"
    assert live.evaluate(f"[seen[{other!r}], threads[{other!r}]]") == [[1], [False]]
    assert live.evaluate(f"{other!r} in get_ipython().kernel.comm_manager.comms") is False


def test_the_main_thread_handles_comms_between_cells(live: LiveSession, comms: Comms) -> None:
    live.run("1")
    # The answer comes when the cell before it is done with.
    live.client.kernel_info(reply=True, timeout=_DEADLINE)
    comm_id = comms.open()

    for n in range(3):
        comms.idle(comms.send(comm_id, n))

    assert live.evaluate(f"[seen[{comm_id!r}], threads[{comm_id!r}]]") == [[0, 1, 2], [True] * 3]


@awaiting_cells_give_way
def test_a_cell_that_awaits_is_told_in_its_own_thread(live: LiveSession, comms: Comms) -> None:
    comm_id = comms.open()
    cell = live.start(
        "told = asyncio.get_running_loop().create_future()\n"
        "act = lambda comm, data: told.done() or told.set_result(data['n'])\n"
        "print('begun', flush=True)\n"
        f"await asyncio.wait_for(told, {_DEADLINE})"
    )
    live.wait_for_output("begun")

    comms.send(comm_id, 7)

    assert comms.result(cell) == "7"
    assert live.evaluate(f"threads[{comm_id!r}]") == [True]


def test_each_message_to_a_cell_that_awaits_ends_with_idle(live: LiveSession, comms: Comms) -> None:
    comm_id = comms.open()
    live.run("act = lambda comm, data: print('got', data['n'])")
    cell = run_until_told(live, comm_id, "await asyncio.sleep(0.01)")

    published = [comms.idle(comms.send(comm_id, n)) for n in (1, 2)]
    comms.send(comm_id, 7)

    assert [[message["msg_type"] for message in messages] for messages in published] == [
        ["status", "stream", "status"]
    ] * 2
    assert comms.result(cell) == "7"


@awaiting_cells_give_way
def test_a_reply_goes_to_the_cell_that_awaits_it(live: LiveSession, comms: Comms) -> None:
    comm_id = comms.open()
    cell = live.start(
        "told = asyncio.get_running_loop().create_future()\n"
        "act = lambda comm, data: told.set_result(threading.current_thread().name)\n"
        f"comm = get_ipython().kernel.comm_manager.comms[{comm_id!r}]\n"
        "comm.send({'content': {'id': 'asked'}})\n"
        "print('begun', flush=True)\n"
        f"await asyncio.wait_for(told, {_DEADLINE})"
    )
    live.wait_for_output("begun")

    comms.send(comm_id, 7, content={"id": "asked"})

    assert comms.result(cell) == "'MainThread'"


def test_what_a_callback_prints_and_sends_belongs_to_its_message(
    live: LiveSession, comms: Comms
) -> None:
    comm_id = comms.open()
    live.run(
        "def act(comm, data):\n    print('got', data['n'])\n    comm.send({'n': data['n'] + 1})"
    )
    cell = run_until_told(live, comm_id, "time.sleep(0.01)")

    published = comms.idle(comms.send(comm_id, 7))

    texts = "".join(m["content"]["text"] for m in published if m["msg_type"] == "stream")
    assert texts == "got 7\n"
    sent = [m["content"]["data"] for m in published if m["msg_type"] == "comm_msg"]
    assert sent == [{"n": 8}]
    assert comms.result(cell) == "7"


def test_an_interrupt_of_the_cell_leaves_the_callback_alone(
    live: LiveSession, comms: Comms
) -> None:
    comm_id = comms.open()
    live.run(
        "gate = threading.Event()\n"
        "def act(comm, data):\n    print('in', flush=True)\n    gate.wait(20)\n    print('out')"
    )
    cell = live.start("print('begun', flush=True)\nwhile True: time.sleep(0.01)")
    live.wait_for_output("begun")
    comms.send(comm_id, 1)
    live.wait_for_output("in")

    live.manager.interrupt_kernel()

    assert live.reply_to(cell)["content"]["ename"] == "KeyboardInterrupt"
    live.run("gate.set()")
    comms.idle(comms.send(comm_id, 2))
    assert live.evaluate(f"seen[{comm_id!r}]") == [1, 2]


def test_a_figure_that_a_cell_draws_is_not_shown_by_a_comm(live: LiveSession, comms: Comms) -> None:
    comm_id = comms.open()
    live.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    cell = live.start(
        "plt.plot([1, 2])\n"
        "print('begun', flush=True)\n"
        f"while values.get({comm_id!r}) != 7: time.sleep(0.01)\n"
        "len(plt.get_fignums())"
    )
    live.wait_for_output("begun")

    published = comms.idle(comms.send(comm_id, 7))

    assert "display_data" not in [message["msg_type"] for message in published]
    assert comms.result(cell) == "1"


def test_messages_to_comms_that_do_not_exist_are_ended(live: LiveSession, comms: Comms) -> None:
    comm_id = comms.open()
    comms.idle(comms.send("nobody", 1))
    comms.idle(comms.post("comm_close", "nobody", data={}))
    cell = run_until_told(live, comm_id, "time.sleep(0.01)")

    comms.idle(comms.send("nobody", 1))
    comms.idle(comms.post("comm_close", "nobody", data={}))
    comms.idle(comms.post("comm_open", "refused", target_name="nowhere", data={}))
    comms.idle(comms.send(comm_id, 7))

    assert comms.result(cell) == "7"


def test_a_message_for_a_subshell_that_is_gone_is_handled(live: LiveSession, comms: Comms) -> None:
    comm_id = comms.open()
    mine, comms.subshell = comms.subshell, "gone"

    comms.idle(comms.send(comm_id, 1))

    comms.subshell = mine
    assert live.evaluate(f"seen[{comm_id!r}]") == [1]


def test_no_message_is_lost_or_overtaken_around_the_ends_of_cells(tmp_path: Path) -> None:
    code = ["time.sleep(0.003)", "sum(range(20_000))", "await asyncio.sleep(0.002)", "1 / 0"]
    with live_session(tmp_path) as live:
        live.run(TARGET)
        comms = Comms(live)
        ids = [comms.open() for _ in range(5)]

        def handled() -> int:
            return int(live.evaluate("sum(len(numbers) for numbers in seen.values())"))

        for n in range(600):
            for place, comm_id in enumerate(ids):
                # Some clients name no subshell; for one comm both kinds send.
                comms.post("comm_msg", comm_id, named=place > 0 or n % 2 > 0, data={"n": n})
            if n % 4 == 1:
                cell = live.start(code[n // 4 % 4])
            if n % 20 == 19:
                live.reply_to(cell)
                deadline = time.monotonic() + _DEADLINE
                while handled() < (n + 1) * len(ids) and time.monotonic() < deadline:
                    time.sleep(0.01)

        numbers = live.evaluate(f"[seen[comm] for comm in {ids}]")
        by_main = live.evaluate("[was_main for all in threads.values() for was_main in all]")
    assert numbers == [list(range(600))] * len(ids)
    assert set(by_main) == {True, False}
