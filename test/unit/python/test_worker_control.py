import os

import pytest
from slipway_worker.control import ControlChannel, frame


@pytest.fixture
def pipe():
    read_end, write_end = os.pipe()
    yield read_end, write_end
    os.close(read_end)


def test_a_message_is_a_length_and_that_much_json(pipe):
    assert frame({"op": "ä"}) == b'\x00\x00\x00\x10{"op": "\\u00e4"}'
    channel = ControlChannel(*pipe)
    channel.send({"op": "loaded"})
    assert channel.receive_one() == {"op": "loaded"}
    os.close(pipe[1])
    assert channel.receive_one() is None


def test_messages_that_arrive_together_or_in_parts_come_one_by_one(pipe):
    data = frame({"n": 1}) + frame({"n": 2}) + frame({"n": 3})
    channel = ControlChannel(*pipe)
    os.write(pipe[1], data[:-3])
    assert channel.receive_one() == {"n": 1}
    assert list(channel.pending()) == [{"n": 2}]
    os.write(pipe[1], data[-3:])
    assert list(channel.receive() or []) == [{"n": 3}]
    os.close(pipe[1])
    assert channel.receive() is None
