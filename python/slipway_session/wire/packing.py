"""JSON of messages with large outputs."""

from __future__ import annotations

from typing import Any

from jupyter_client.session import json_packer

# Characters from which on a string is worth a look of its own.
_LARGE = 64 * 1024
# Puts a quote where JSON has to escape, and leaves what is plain.
_MARKED = bytes(ord('"') if byte < 0x20 or byte in b'"\\' else byte for byte in range(256))


def pack(value: Any) -> bytes:
    """Return the JSON of a part of a message, as Jupyter's own packer makes it.

    An image or a table of some megabytes is one string in ``data`` that seldom needs escapes, and
    Python's encoder looks at each of its characters several times: 10 MB took 18 ms of the 34 that
    ipykernel needs to show them.
    """
    data = value.get("data") if type(value) is dict else None
    if type(data) is dict and any(map(_is_large, data.values())):
        try:
            return _object({**value, "data": _Packed(_object(data))})
        except (TypeError, ValueError):
            # Jupyter's packer knows what to do with what is no JSON, or says what is wrong.
            pass
    return bytes(json_packer(value))


class _Packed(bytes):
    """What is JSON already."""


def _is_large(value: Any) -> bool:
    return type(value) is str and len(value) >= _LARGE


def _object(members: dict[Any, Any]) -> bytes:
    """Return a JSON object."""
    parts: list[bytes] = []
    for key, value in members.items():
        if type(key) is not str:
            raise TypeError("JSON has no such key")
        parts += (b", " if parts else b"{", json_packer(key), b": ", *_member(value))
    parts.append(b"}" if parts else b"{}")
    return b"".join(parts)


def _member(value: Any) -> tuple[bytes, ...]:
    if type(value) is _Packed:
        return (value,)
    if _is_large(value):
        text = value.encode("utf8", errors="surrogateescape")
        # The first two looks take no time and tell the most.
        if b'"' not in text and b"\\" not in text and b'"' not in text.translate(_MARKED):
            return (b'"', text, b'"')
    return (json_packer(value),)
