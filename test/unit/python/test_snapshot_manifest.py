"""A snapshot that was damaged or made up is refused before anything in it is used."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any, Callable

import pytest
from slipway_session import snapshot
from snapshot_sessions import Session

Damage = Callable[[dict[str, Any]], None]


def damaged(session: Session, damage: Damage) -> Path:
    session.run("import json\nx = [1]")
    (session.workdir / "a.txt").write_text("x")
    manifest = session.save()
    damage(manifest)
    (session.directory / "manifest.json").write_text(json.dumps(manifest))
    return session.directory


@pytest.mark.parametrize(
    "damage",
    [
        lambda m: m["files"][0].update(path="../a.txt"),
        lambda m: m["files"][0].update(path="/etc/passwd"),
        lambda m: m["files"][0].update(path="a//b"),
        lambda m: m["files"][0].update(path="C:\\x"),
        lambda m: m["files"][0].update(path="C:x"),
        lambda m: m["files"][0].update(path="a\0b"),
        lambda m: m["files"][0].update(path=""),
        lambda m: m["files"][0].update(path="absent.txt"),
        lambda m: m["files"][0].update(size=-1),
        lambda m: m["files"][0].pop("mode"),
        lambda m: m["groups"][0].update(file="objects/../../x.pickle"),
        lambda m: m["groups"][0].update(file="files/a.txt"),
        lambda m: m["groups"][0].update(file="objects/99.pickle"),
        lambda m: m["groups"][0].update(buffers=[{"file": "/dev/zero", "offset": 0, "size": 1}]),
        lambda m: m["groups"][0].update(buffers=[{"file": "buffers/0", "offset": -1, "size": 1}]),
        lambda m: m["imports"][0].update(module="os; evil()"),
        lambda m: m["imports"][0].update(attribute="a b"),
        lambda m: m.update(format=2),
        lambda m: m.update(groups=None),
        lambda m: m["objects"][0].update(verdict="perfect"),
    ],
)
def test_a_manifest_that_leaves_the_directory_or_is_damaged_is_refused(
    session: Session, damage: Damage, tmp_path: Path
) -> None:
    directory = damaged(session, damage)
    with pytest.raises(snapshot.InvalidManifestError) as raised:
        snapshot.load({}, directory, workdir=tmp_path)
    assert raised.value.code == "snapshot_invalid"


def test_links_in_a_snapshot_are_refused(session: Session, tmp_path: Path) -> None:
    directory = damaged(session, lambda m: None)
    (directory / "files/a.txt").unlink()
    (directory / "files/a.txt").symlink_to("/etc/passwd")
    with pytest.raises(snapshot.InvalidManifestError, match="not a regular file"):
        snapshot.load({}, directory, workdir=tmp_path)


def test_linked_directories_in_a_snapshot_are_refused(session: Session, tmp_path: Path) -> None:
    directory = damaged(session, lambda m: None)
    (directory / "files").rename(tmp_path / "elsewhere")
    (directory / "files").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(snapshot.InvalidManifestError, match="through a link"):
        snapshot.load({}, directory, workdir=tmp_path)


def test_an_unfinished_snapshot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(snapshot.InvalidManifestError, match=r"no manifest\.json"):
        snapshot.load({}, tmp_path)


def test_a_group_that_fails_is_reported_and_the_others_come_back(session: Session) -> None:
    session.run("a = [1]\nb = a\nc = [2]")
    group = next(g for g in session.save()["groups"] if g["names"] == ["a", "b"])
    (session.directory / group["file"]).write_bytes(b"\x80\x05garbage")
    reports = session.restore("assert c == [2] and 'a' not in globals()", ok=False)
    failed = {name for name, report in reports.items() if report["verdict"] == "failed"}
    assert failed == {"a", "b"}


def test_a_buffer_that_is_too_short_fails_its_group_alone(session: Session) -> None:
    session.run("import numpy as np\na = np.zeros(100_000)\nfine = 1")
    session.save()
    (session.directory / "buffers/0").write_bytes(b"short")
    reports = session.restore("assert fine == 1", ok=False)
    assert "shorter" in reports["a"]["reason"]


def test_an_object_that_raises_while_it_is_restored_fails_alone(session: Session) -> None:
    session.run(
        "class Bad:\n    def __setstate__(self, state): raise OSError('no licence')\n"
        "bad = Bad(); bad.x = 1\ngood = Bad\n"
    )
    session.save()
    reports = session.restore("assert good.__name__ == 'Bad'", ok=False)
    assert reports["bad"] == {
        "name": "bad",
        "verdict": "failed",
        "reason": "OSError: no licence",
    }


def test_another_minor_version_of_python_keeps_data_and_names_what_it_cannot_run(
    session: Session,
) -> None:
    session.run("def f(): pass\nx = [1]")
    manifest = session.save()
    manifest["python"] = "3.8.1"
    (session.directory / "manifest.json").write_text(json.dumps(manifest))
    reports = session.restore("assert x == [1]", ok=False)
    here = ".".join(platform.python_version_tuple()[:2])
    assert "Python 3.8" in reports["f"]["reason"] and here in reports["f"]["reason"]


def test_a_missing_package_is_named_with_what_to_install(session: Session) -> None:
    session.run("import numpy as np\na = np.zeros(3)\nx = [1]")
    manifest = session.save()
    # As if it had been saved where a package was installed that is not here.
    manifest["packages"]["not-here"] = "1.2.3"
    manifest["imports"][0].update(module="not_here", package="not-here")
    array = next(group for group in manifest["groups"] if group["names"] == ["a"])
    array["packages"] = ["not-here"]
    path = session.directory / array["file"]
    path.write_bytes(path.read_bytes().replace(b"numpy._core", b"nompy._core"))
    (session.directory / "manifest.json").write_text(json.dumps(manifest))
    reports = session.restore("assert x == [1]", ok=False)
    for name in ("np", "a"):
        assert reports[name]["verdict"] == "failed"
        assert "pip install not-here==1.2.3" in reports[name]["reason"]


def test_another_version_of_a_package_is_told(session: Session) -> None:
    session.run("import numpy as np\na = np.zeros(3)")
    manifest = session.save()
    manifest["packages"]["numpy"] = "1.0.0"
    (session.directory / "manifest.json").write_text(json.dumps(manifest))
    reports = session.restore()
    assert "saved with numpy 1.0.0" in reports["a"]["reason"]


def test_without_cloudpickle_the_error_says_what_to_install(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(snapshot.CloudpickleMissingError, match="-m pip install cloudpickle"):
        session.save()
