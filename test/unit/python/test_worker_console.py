import pytest
from slipway_worker.console import LIMIT, Console


def test_keeps_what_is_written_between_begin_and_end():
    console = Console()
    console.begin()
    print("one", file=console)
    console.buffer.write("zwei ä\n".encode())
    assert console.end() == "one\nzwei ä\n"


def test_begins_each_request_with_nothing():
    console = Console()
    console.begin()
    console.write("of the first")
    console.end()
    console.begin()
    assert console.end() == ""


def test_sends_what_is_written_between_requests_to_the_log(capfd):
    console = Console()
    console.write("late\n")
    assert capfd.readouterr().err == "late\n"


def test_keeps_the_beginning_of_output_that_is_too_long_and_says_so():
    console = Console()
    console.begin()
    console.write("a" * (LIMIT - 1))
    console.write("bcd")
    console.write("e")
    kept = console.end()
    assert kept.startswith("a" * (LIMIT - 1) + "b\n[")
    assert kept.endswith(f"after {LIMIT} characters.]\n")


def test_refuses_bytes_as_text():
    console = Console()
    with pytest.raises(TypeError, match="must be str, not bytes"):
        console.write(b"x")
