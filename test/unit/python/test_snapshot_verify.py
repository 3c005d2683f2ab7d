"""Verification loads a snapshot in a clean process and says what came back, object by object."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from slipway_session.snapshot import fingerprint
from snapshot_sessions import PYTHON_FOLDER, Session

VERIFY = PYTHON_FOLDER / "slipway_worker" / "verify.py"


def verify(directory: Path, status: int = 0) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(VERIFY), str(directory)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == status, done.stderr
    (line,) = done.stdout.splitlines()
    return json.loads(line)


def test_everything_that_came_back_is_ok(session: Session) -> None:
    (session.workdir / "my_module.py").write_text("print('noise')\ndef f(): return 1\n")
    session.run(
        "import my_module, numpy as np, pandas as pd, enum, threading\nfrom sklearn import svm\n"
        "class C:\n    def __init__(self): self.x = {'a': {1, 2}, 'f': my_module.f}\n"
        "class E(enum.Enum):\n    A = 1\n"
        "def outer(k):\n    return lambda x=2.5: x + k\n"
        "c = [C()]; e = E.A; f = outer(3); lock = threading.Lock()\n"
        "a = np.random.rand(50_000); view = a[::3]; n = float('nan')\n"
        "df = pd.DataFrame({'x': a, 's': 'text', 't': pd.date_range('2020', periods=50_000)})\n"
        "clf = svm.SVC().fit([[0.0], [1.0]], [0, 1])\nbad = (i for i in ())\n"
    )
    manifest = session.save()
    objects = verify(session.directory)["objects"]
    assert [found for found in objects if not found["ok"]] == []
    skipped = {"bad"}
    assert {o["name"] for o in objects} == {o["name"] for o in manifest["objects"]} - skipped
    assert not (session.directory / "files" / "__pycache__").exists()


def test_what_only_the_session_could_restore_is_found_out(session: Session) -> None:
    session.run(
        "import copyreg\nhere = {}\n"
        "class Odd:\n    def __init__(self, x): self.x = x\n"
        "    def __setstate__(self, state): self.x = here['x']\n"
        "odd = Odd(1)\nfine = 2\nhere['x'] = 1\n"
    )
    session.save(names=["Odd", "odd", "fine"])
    objects = {found["name"]: found for found in verify(session.directory)["objects"]}
    assert objects["fine"]["ok"] and not objects["odd"]["ok"]
    assert "here" in objects["odd"]["reason"]


def test_a_class_that_drops_attributes_when_it_is_loaded_is_no_difference(
    session: Session,
) -> None:
    session.run("from sklearn import datasets\niris = datasets.load_iris()\n")
    session.save()
    objects = {found["name"]: found for found in verify(session.directory)["objects"]}
    assert objects["iris"]["ok"], objects["iris"]


def test_what_came_back_different_is_found_out(session: Session) -> None:
    session.run("x = [1, 2]\ny = 1")
    manifest = session.save()
    group = next(found for found in manifest["groups"] if found["names"] == ["x"])
    path = session.directory / group["file"]
    path.write_bytes(path.read_bytes().replace(b"K\x02", b"K\x03"))
    objects = {found["name"]: found for found in verify(session.directory)["objects"]}
    assert objects["y"]["ok"] and not objects["x"]["ok"]
    assert "different" in objects["x"]["reason"]


def test_a_directory_that_is_no_snapshot_is_an_error(tmp_path: Path) -> None:
    assert verify(tmp_path, status=1)["error"]["code"] == "snapshot_invalid"


def test_fingerprints_tell_values_apart() -> None:
    import numpy

    values = [0, 0.0, False, "0", b"0", None, [], [0], (0,), {0: 1}, {1: 0}, {0, 1}, [[0]]]
    values += [numpy.zeros(3), numpy.zeros(4), numpy.zeros((3, 1)), numpy.zeros(3, "f4")]
    values += [fingerprint, verify, str, [1] * 3, "a" * 100_000, "a" * 99_999 + "b"]
    assert len({fingerprint(value) for value in values}) == len(values)


def test_fingerprints_end_on_cycles() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert fingerprint(loop) == fingerprint(loop)
