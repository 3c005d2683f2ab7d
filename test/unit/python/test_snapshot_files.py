"""The files of the working directory come along, and nothing outside of it does."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from slipway_session import snapshot
from slipway_session.snapshot import files as snapshot_files
from slipway_session.snapshot.errors import FileRestoreError
from snapshot_sessions import Session


def skipped(manifest: dict) -> dict[str, str]:
    return {entry["path"]: entry["reason"] for entry in manifest["skippedFiles"]}


def test_files_come_back_with_their_paths_modes_and_contents(session: Session) -> None:
    (session.workdir / "data/deep").mkdir(parents=True)
    (session.workdir / "data/deep/é ü.csv").write_text("a,b\n")
    (session.workdir / "run.sh").write_text("#!/bin/sh\n")
    (session.workdir / "run.sh").chmod(0o750)
    (session.workdir / "empty").touch()
    manifest = session.save()
    found = {entry["path"]: (entry["size"], entry["mode"]) for entry in manifest["files"]}
    assert found["data/deep/é ü.csv"][0] == 4
    assert found["run.sh"] == (10, 0o750)
    session.restore(
        "import os\nassert open('data/deep/é ü.csv').read() == 'a,b\\n'\n"
        "assert os.stat('run.sh').st_mode & 0o777 == 0o750 and os.path.getsize('empty') == 0\n"
        "assert sorted(os.listdir()) == ['data', 'empty', 'run.sh']\n"
    )


def test_links_are_never_followed_out_of_the_directory(session: Session, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/private.txt").write_text("private")
    (session.workdir / "real.txt").write_text("real")
    (session.workdir / "inner").symlink_to("real.txt")
    (session.workdir / "file_out").symlink_to(tmp_path / "outside/private.txt")
    (session.workdir / "dir_out").symlink_to(tmp_path / "outside")
    (session.workdir / "gone").symlink_to("nothing")
    (session.workdir / "loop").symlink_to(".")
    manifest = session.save()
    assert [entry["path"] for entry in manifest["files"]] == ["inner", "real.txt"]
    reasons = skipped(manifest)
    assert reasons.keys() == {"file_out", "dir_out", "gone", "loop"}
    assert "outside" in reasons["file_out"]


def test_special_files_caches_and_secrets_are_skipped_with_a_reason(session: Session) -> None:
    os.mkfifo(session.workdir / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("door")
    (session.workdir / "__pycache__").mkdir()
    (session.workdir / ".env").write_text("PASSWORD=x")
    (session.workdir / "id_rsa").write_text("key")
    (session.workdir / "fine.txt").write_text("x")
    manifest = session.save()
    listener.close()
    assert [entry["path"] for entry in manifest["files"]] == ["fine.txt"]
    reasons = skipped(manifest)
    assert "not a regular file" in reasons["pipe"] and "not a regular file" in reasons["door"]
    assert "secret" in reasons[".env"] and "secret" in reasons["id_rsa"]
    assert "cache" in reasons["__pycache__"]


def test_files_over_the_limits_are_skipped(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_files, "FILE_LIMIT", 1000)
    monkeypatch.setattr(snapshot_files, "TOTAL_LIMIT", 1500)
    for name, size in (("a", 900), ("b", 900), ("c", 1001), ("d", 500)):
        (session.workdir / name).write_bytes(bytes(size))
    manifest = session.save()
    assert [entry["path"] for entry in manifest["files"]] == ["a", "d"]
    assert "all files" in skipped(manifest)["b"] and "one file" in skipped(manifest)["c"]


def test_files_can_be_left_out(session: Session) -> None:
    (session.workdir / "big").write_text("x")
    assert session.save(files=False)["files"] == []


def test_a_snapshot_inside_the_working_directory_does_not_hold_itself(session: Session) -> None:
    target = session.workdir / "saved"
    target.mkdir()
    (session.workdir / "a").write_text("x")
    manifest = snapshot.save(session.namespace, target)
    assert [entry["path"] for entry in manifest["files"]] == ["a"]


def test_restoring_overwrites_files_and_keeps_the_others(session: Session, tmp_path: Path) -> None:
    (session.workdir / "a").write_text("saved")
    session.save()
    place = tmp_path / "place"
    place.mkdir()
    (place / "a").write_text("older and longer")
    (place / "mine").write_text("mine")
    snapshot.load({}, session.directory, workdir=place)
    assert (place / "a").read_text() == "saved" and (place / "mine").read_text() == "mine"
    assert sorted(os.listdir(place)) == ["a", "mine"]


def test_restoring_does_not_write_through_links_that_lead_outside(
    session: Session, tmp_path: Path
) -> None:
    (session.workdir / "d").mkdir()
    (session.workdir / "d/x").write_text("new")
    (session.workdir / "f").write_text("new")
    session.save()
    place, outside = tmp_path / "place", tmp_path / "outside"
    place.mkdir()
    outside.mkdir()
    (outside / "f").write_text("old")
    (place / "f").symlink_to(outside / "f")
    (place / "d").symlink_to(outside)
    with pytest.raises(snapshot.InvalidManifestError, match="outside"):
        snapshot.load({}, session.directory, workdir=place)
    (place / "d").unlink()
    snapshot.load({}, session.directory, workdir=place)
    assert (outside / "f").read_text() == "old" and os.listdir(outside) == ["f"]
    assert (place / "f").read_text() == "new" and not (place / "f").is_symlink()


def test_a_file_in_the_place_of_a_directory_is_an_error_that_names_it(
    session: Session, tmp_path: Path
) -> None:
    (session.workdir / "name").write_text("x")
    session.save()
    place = tmp_path / "place"
    (place / "name").mkdir(parents=True)
    with pytest.raises(FileRestoreError, match="name"):
        snapshot.load({}, session.directory, workdir=place)
    assert os.listdir(place) == ["name"]


def test_restored_files_keep_no_special_permission_bits(session: Session) -> None:
    (session.workdir / "tool").write_text("x")
    (session.workdir / "tool").chmod(0o4755)
    (entry,) = session.save()["files"]
    assert entry["mode"] == 0o755 and stat.S_IMODE(0o4755) != entry["mode"]
