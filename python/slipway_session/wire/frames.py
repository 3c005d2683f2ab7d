"""The bytes on the wire between a session and its server.

A *record* is a 32-bit little-endian length, one byte for its kind, and as many bytes of payload.
A message record holds a Jupyter message in the binary framing of Jupyter Server's WebSockets, so
that the server passes it on as it is:
https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

MESSAGE = b"M"
WORD = b"J"

HEAD = struct.Struct("<IB")
_NUMBER = struct.Struct("<Q")

# Header, parent header, metadata and content; the channel's name stands before them.
_DICTS = 4


def word_record(word: dict[str, Any]) -> bytes:
    """Return the record of something said about the link itself."""
    payload = json.dumps(word).encode()
    return HEAD.pack(len(payload), WORD[0]) + payload


def message_record(number: int, channel: bytes, parts: Sequence[bytes]) -> list[bytes]:
    """Return the parts of the record of a message of the session's.

    ``number`` counts what the session has sent; ``parts`` are the four dictionaries and the
    buffers. Small messages are joined, since one system call for all is cheapest.
    """
    offset = 8 * (len(parts) + 3)
    table = [len(parts) + 2, offset]
    offset += len(channel)
    table.append(offset)
    for part in parts:
        offset += len(part)
        table.append(offset)
    head = b"".join(
        (
            HEAD.pack(8 + offset, MESSAGE[0]),
            _NUMBER.pack(number),
            struct.pack(f"<{len(table)}Q", *table),
            channel,
        )
    )
    if offset <= 64 * 1024:
        return [b"".join((head, *parts))]
    return [head, *parts]


def read_message(payload: bytes) -> tuple[str, str, list[bytes]]:
    """Take a message record of the server's apart: the link, the channel, and the parts.

    The payload begins with the length of the link's name, in one byte, and the name.
    """
    start = 1 + payload[0]
    link = payload[1:start].decode()
    frame = memoryview(payload)[start:]
    (count,) = _NUMBER.unpack_from(frame, 0)
    offsets = struct.unpack_from(f"<{count}Q", frame, 8)
    channel, *parts = (bytes(frame[begin:end]) for begin, end in zip(offsets, offsets[1:]))
    if len(parts) < _DICTS:
        raise ValueError(f"a message of {len(parts)} parts")
    return link, channel.decode(), parts
