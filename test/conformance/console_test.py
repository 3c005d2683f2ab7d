"""jupyter console in a terminal of its own, driven by keys as a person drives it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from slipway_environment import SlipwayEnvironment

JUPYTER = Path(sys.executable).with_name("jupyter")
PATIENCE = 30


class Console:
    """A console, and what is seen in it."""

    def __init__(self) -> None:
        self._cells = 0
        self.terminal: pexpect.spawn[str] = pexpect.spawn(
            str(JUPYTER),
            [
                "console",
                "--kernel=slipway",
                # A busy machine must not make it guess whether a line is complete.
                "--ZMQTerminalInteractiveShell.kernel_is_complete_timeout=30",
            ],
            encoding="utf8",
            timeout=PATIENCE,
            dimensions=(40, 120),
        )
        self.wait_for_prompt()

    def wait_for_prompt(self) -> None:
        """Wait for the prompt of the next cell; its number is in a colour of its own."""
        self._cells += 1
        self.terminal.expect(rf"In \[\x1b\[[0-9;]*m{self._cells}\x1b")

    def enter(self, line: str) -> None:
        self.terminal.send(line + "\r")

    def run(self, line: str, expected: str) -> None:
        """Enter a cell of one line and wait for what it shows and for the next prompt."""
        self.enter(line)
        self.terminal.expect(expected)
        self.wait_for_prompt()

    def close(self) -> None:
        self.terminal.close(force=True)


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    with SlipwayEnvironment():
        console = Console()
        yield console
        console.close()


def test_a_result_is_shown_with_its_number(console: Console) -> None:
    console.run("1 + 41", r"Out\[\x1b\[[0-9;]*m1\x1b.*42")


def test_lines_of_a_block_are_taken_until_an_empty_one(console: Console) -> None:
    console.enter("for i in range(2):")
    console.enter('print("row", i * 7)')
    console.run("", "row 0\r\nrow 7")


def test_tab_completes_from_the_session(console: Console) -> None:
    console.enter('text = "abc"')
    console.wait_for_prompt()
    console.terminal.send("text.upp\t")
    # What the terminal shows already is not written again.
    console.terminal.expect("er")
    console.run("()", "ABC")


def test_input_is_asked_for(console: Console) -> None:
    console.enter('name = input("Your name? ")')
    # The prompt is part of the line that was entered, too.
    console.terminal.expect("\nYour name\\? |\x1b\\[\\?2004lYour name\\? ")
    console.terminal.send("Ada\n")
    console.wait_for_prompt()
    console.run('print("hello", name)', "hello Ada")


def test_control_c_interrupts_the_cell(console: Console) -> None:
    console.enter('import time; print("be" + "gun", flush=True); time.sleep(600)')
    console.terminal.expect("begun")
    console.terminal.sendintr()
    console.terminal.expect("KeyboardInterrupt")
    console.wait_for_prompt()


def test_an_error_is_shown_with_its_traceback(console: Console) -> None:
    console.run("1 / 0", "ZeroDivisionError.*division by zero")


def test_a_magic_shows_its_plain_text(console: Console) -> None:
    console.run("%status", "http://127.0.0.1:")


def test_control_d_ends_it(console: Console) -> None:
    console.terminal.sendeof()
    console.terminal.expect("exit")
    console.terminal.send("y\r")
    console.terminal.expect(pexpect.EOF)
    console.terminal.close()
    assert console.terminal.exitstatus == 0
