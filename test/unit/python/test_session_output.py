"""What a cell prints comes whole, and before the cell's end, however it is printed."""

from __future__ import annotations

import pytest
from live_session import LiveSession


def test_what_a_finished_program_has_printed_comes_before_the_end_of_its_cell(
    live: LiveSession,
) -> None:
    for number in range(40):
        execution = live.execute(f"import os; _ = os.system('echo {number}')")
        assert execution.text == f"{number}\n"


def test_characters_of_many_bytes_survive_the_file_descriptor(live: LiveSession) -> None:
    text = "é€😀" * 30_000
    execution = live.execute("import os; _ = os.write(1, ('é€😀' * 30_000).encode())")
    # Not in the assertion, which would print both.
    is_whole = execution.text == text
    assert is_whole


def test_a_program_that_prints_without_end_holds_no_cell_up(live: LiveSession) -> None:
    started = live.execute("import subprocess; endless = subprocess.Popen(['yes'])")
    try:
        assert started.reply["status"] == "ok"
        assert live.evaluate("6 * 7") == 42
    finally:
        live.run("endless.kill(); endless.wait()")


def test_pieces_of_lines_keep_their_order(live: LiveSession) -> None:
    code = """
import sys
for number in range(1000):
    print("line", number)
    if number % 100 == 0:
        sys.stdout.flush()
"""
    assert live.execute(code).text == "".join(f"line {number}\n" for number in range(1000))


def test_a_flush_sends_what_other_threads_have_printed(live: LiveSession) -> None:
    code = """
from threading import Thread
# Each line is one piece: Python writes the pieces of a line one by one.
lines = [f"thread {number}\\n" for number in range(20)]
threads = [Thread(target=print, args=(line,), kwargs={"end": ""}) for line in lines]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    lines = live.execute(code).text.splitlines()
    assert sorted(lines) == sorted(f"thread {number}" for number in range(20))


def test_what_a_forked_child_prints_comes_too(live: LiveSession) -> None:
    code = """
import os, sys
print("parent")
child = os.fork()
if child == 0:
    print("child", flush=True)
    os._exit(0)
_ = os.waitpid(child, 0)
"""
    assert sorted(live.execute(code).text.split()) == ["child", "parent"]


@pytest.mark.parametrize("value", ["5", "b'bytes'", "None"])
def test_what_is_no_text_is_refused_as_python_does(live: LiveSession, value: str) -> None:
    execution = live.execute(f"print('x'); import sys; sys.stdout.write({value})")
    assert execution.reply["ename"] == "TypeError"
    assert execution.text == "x\n"
