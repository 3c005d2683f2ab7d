"""Large outputs are packed as Jupyter packs them, only sooner."""

from __future__ import annotations

import json
from typing import Any

import pytest
from slipway_session.wire.packing import pack

LARGE = 70_000


@pytest.mark.parametrize(
    "text",
    [
        "x" * LARGE,
        "é" * LARGE,
        "x" * LARGE + '"',
        "x" * LARGE + "\\",
        "x" * LARGE + "\n",
        "\x00" + "x" * LARGE,
        "x" * LARGE + "\x1f",
        "x" * LARGE + "\x7f",
        "😀" * LARGE,
        "\u2028" * LARGE,
    ],
    ids=lambda text: ascii(text[0] + text[-1]),
)
def test_a_large_output_is_what_it_was(text: str) -> None:
    content = {"data": {"image/png": text, "text/plain": "<a>"}, "metadata": {}, "transient": {}}
    assert json.loads(pack(content)) == content


@pytest.mark.parametrize(
    "value",
    [
        {"data": {}},
        {"data": None},
        {"data": "x" * LARGE},
        {"data": {"a": "x" * LARGE, "b": {"c": [1, None]}}, "more": "y" * LARGE},
        {"text": "x" * LARGE},
        {"data": {"a": "x" * LARGE}, "data2": {}},
        {},
        [],
    ],
    ids=str,
)
def test_other_shapes_are_packed_too(value: Any) -> None:
    assert json.loads(pack(value)) == value


def test_keys_and_bytes_that_json_lacks_are_packed_as_jupyter_packs_them() -> None:
    packed = json.loads(pack({"data": {1: "x" * LARGE, "b": b"bytes"}}))
    assert packed == {"data": {"1": "x" * LARGE, "b": "Ynl0ZXM="}}


def test_a_surrogate_that_stands_for_a_byte_becomes_that_byte() -> None:
    text = "x" * LARGE + "\udcff"
    assert pack({"data": {"a": text}}) == b'{"data": {"a": "' + b"x" * LARGE + b'\xff"}}'
