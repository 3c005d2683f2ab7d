"""A running session saved, and merged into another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from live_session import LiveSession, OperationFailed, live_session


def test_a_session_comes_back_in_another(tmp_path: Path) -> None:
    first, second, directory = (tmp_path / name for name in ("first", "second", "snapshot"))
    for path in (first, second, directory):
        path.mkdir()
    with live_session(first) as session:
        session.run(
            "import numpy as np\n"
            "values = np.arange(3)\n"
            "generator = (x for x in values)\n"
            "def double(x: int) -> int:\n    return factor * x\n"
            "factor = 2\n"
            "open('notes.txt', 'w').write('kept')"
        )
        manifest = session.ask("snapshot_save", directory=str(directory))["manifest"]

    assert json.loads((directory / "manifest.json").read_text()) == manifest
    with live_session(second) as session:
        objects = session.ask("snapshot_load", directory=str(directory))["objects"]

        verdicts = {entry["name"]: entry["verdict"] for entry in objects}
        assert verdicts["values"] == verdicts["double"] == "saved"
        assert verdicts["generator"] == "skipped"
        session.run("factor = 10")
        assert session.evaluate("(values, double(2), np.__name__)") == [[0, 1, 2], 20, "numpy"]
        assert session.evaluate("open('notes.txt').read()") == "kept"
        assert "values" in session.ask("workspace_list")["names"]
        description = session.ask("describe_function", name="double")
        assert description["source"] == "def double(x: int) -> int:\n    return factor * x"


def test_only_what_code_needs_is_saved(live: LiveSession, tmp_path: Path) -> None:
    live.run("factor = 2\nother = 3\ndef double(x):\n    return factor * x")

    manifest = live.ask(
        "snapshot_save",
        directory=str(tmp_path),
        code="result = double(row)",
        exclude=["row"],
        files=False,
    )["manifest"]

    assert sorted(entry["name"] for entry in manifest["objects"]) == ["double", "factor"]


def test_only_the_names_asked_for_are_saved(live: LiveSession, tmp_path: Path) -> None:
    live.run("factor = 2\nother = 3")

    saved = live.ask("snapshot_save", directory=str(tmp_path), names=["other"], files=False)

    assert [entry["name"] for entry in saved["manifest"]["objects"]] == ["other"]


def test_a_name_that_is_not_there_is_an_error_and_not_a_gap(
    live: LiveSession, tmp_path: Path
) -> None:
    with pytest.raises(OperationFailed) as raised:
        live.ask("snapshot_save", directory=str(tmp_path), names=["absent"])

    assert raised.value.ename == "UnknownNamesError"
    assert "absent" in raised.value.evalue


def test_a_directory_without_a_manifest_is_refused(live: LiveSession, tmp_path: Path) -> None:
    with pytest.raises(OperationFailed) as raised:
        live.ask("snapshot_load", directory=str(tmp_path))

    assert raised.value.ename == "InvalidManifestError"
