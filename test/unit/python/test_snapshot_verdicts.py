"""Every name gets a verdict, and what cannot be saved spoils nothing else."""

from __future__ import annotations

import json

import pytest
from slipway_session import snapshot
from snapshot_sessions import Session, entry, verdicts


def test_one_object_that_cannot_be_saved_is_named_with_the_path_to_the_culprit(
    session: Session,
) -> None:
    session.run(
        "class Model: pass\nmodel = Model()\nmodel.callbacks = [1, 2, Model()]\n"
        "model.callbacks[2].source = (i for i in range(3))\nother = Model()\nother.x = 1\n"
    )
    manifest = session.save()
    found = entry(manifest, "model")
    assert found["verdict"] == "skipped"
    assert found["path"] == "model.callbacks[2].source"
    assert "generator" in found["reason"]
    session.restore("assert other.x == 1 and type(other) is Model")


@pytest.mark.parametrize(
    ("cell", "path", "reason"),
    [
        ("bad = (i for i in ())", None, "generator"),
        ("import socket\nbad = socket.socket()", None, "socket"),
        ("import threading\nbad = threading.Thread()", None, "thread"),
        ("import sqlite3\nbad = {'db': sqlite3.connect(':memory:')}", "bad['db']", "database"),
        ("import sys\nbad = [sys._getframe()]", "bad[0]", "frame"),
        ("from concurrent.futures import ThreadPoolExecutor as T\nbad = T()", None, "executor"),
        ("g = (i for i in ())\ndef bad(x=[g]): pass", "bad.__defaults__[0][0]", "generator"),
        (
            "def make():\n    g = (i for i in ())\n    return lambda: g\nbad = make()",
            "bad.<closure>.g",
            "generator",
        ),
        ("class bad:\n    stream = (i for i in ())", "bad.stream", "generator"),
        (
            "class E:\n    def __reduce__(self): raise ValueError('not me')\nbad = [E()]",
            "bad[0]",
            "not me",
        ),
        ("bad = []\nfor _ in range(100_000): bad = [bad]", None, "nested too deeply"),
        ("bad = globals()", None, "workspace itself"),
    ],
)
def test_what_belongs_to_the_process_is_skipped_with_a_reason(
    session: Session, cell: str, path: str | None, reason: str
) -> None:
    session.run("good = 1\n" + cell)
    manifest = session.save()
    found = entry(manifest, "bad")
    assert (found["verdict"], found.get("path")) == ("skipped", path)
    assert reason in found["reason"]
    assert verdicts(manifest)["good"] == "saved"


def test_what_uses_a_class_that_is_skipped_is_skipped_too(session: Session) -> None:
    session.run("class C:\n    stream = (i for i in ())\nc = [C()]\nfine = 1")
    manifest = session.save()
    assert verdicts(manifest) == {"C": "skipped", "c": "skipped", "fine": "saved"}
    assert entry(manifest, "c")["path"] == "C.stream"
    assert "it uses C" in entry(manifest, "c")["reason"]
    session.restore("assert fine == 1")


def test_locks_and_queues_are_made_anew(session: Session) -> None:
    session.run(
        "import threading, queue\nlock = threading.Lock(); lock.acquire()\n"
        "again = threading.RLock()\nevent = threading.Event()\njobs = queue.Queue(); jobs.put(4)\n"
        "plain = queue.SimpleQueue()\n"
        "class Model: pass\nmodel = Model(); model.guard = lock\n"
    )
    manifest = session.save()
    found = verdicts(manifest)
    for name in ("lock", "again", "event", "jobs", "plain"):
        assert found[name] == "recreated", name
    assert found["model"] == "saved"
    assert "model.guard" in entry(manifest, "model")["reason"]
    session.restore(
        "assert lock.acquire(blocking=False) and model.guard is lock and not event.is_set()\n"
        "assert jobs.get_nowait() == 4 and plain.empty() and again.acquire(blocking=False)\n"
    )


def test_files_open_for_reading_are_reopened_at_their_position(session: Session) -> None:
    (session.workdir / "notes.txt").write_text("one\ntwo\nthree\n")
    session.run(
        "text = open('notes.txt')\ntext.readline()\nraw = open('notes.txt', 'rb')\nraw.read(5)"
    )
    manifest = session.save()
    assert verdicts(manifest) == {"text": "reopened", "raw": "reopened"}
    session.restore("assert text.readline() == 'two\\n' and raw.read(2) == b'wo'")


def test_files_open_for_writing_are_never_emptied(session: Session) -> None:
    session.run("log = open('log.txt', 'w')\nlog.write('kept')")
    manifest = session.save()
    assert (session.workdir / "log.txt").read_text() == "kept"
    assert "not emptied" in entry(manifest, "log")["reason"]
    session.restore(
        "log.write(' and more'); log.flush()\nassert open('log.txt').read() == 'kept and more'"
    )
    assert (session.directory / "files/log.txt").read_text() == "kept"


def test_a_file_that_is_gone_fails_alone(session: Session, tmp_path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    session.run(f"outside = open({str(outside)!r}, 'w')\nfine = 1")
    session.save()
    outside.unlink()
    reports = session.restore("assert fine == 1", ok=False)
    assert reports["outside"]["verdict"] == "failed"
    assert "outside.txt" in reports["outside"]["reason"]
    assert not outside.exists()


def test_secrets_and_the_environment_are_not_saved(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_API_KEY", "s3cr3t-of-the-service")
    session.run(
        "import os\npassword = 'hunter2'\napi_key = 'abc'\ndbPassword = b'x'\nHF_TOKEN = 'hf_1'\n"
        "credentials = {'user': 'me'}\nplain = os.environ['SERVICE_API_KEY']\n"
        "env = dict(os.environ)\nlive = os.environ\n"
        "tokenizer = 'kept'\nmax_tokens = 5\ntokens = ['a']\npassword_length = 8\n"
        "def check_password(p): return True\n"
    )
    manifest = session.save()
    found = verdicts(manifest)
    secret = {
        "password",
        "api_key",
        "dbPassword",
        "HF_TOKEN",
        "credentials",
        "plain",
        "env",
        "live",
    }
    assert {name for name, verdict in found.items() if verdict == "skipped"} == secret
    assert "SERVICE_API_KEY" in entry(manifest, "plain")["reason"]
    saved = b"".join(path.read_bytes() for path in session.directory.rglob("*") if path.is_file())
    assert b"hunter2" not in saved and b"s3cr3t-of-the-service" not in saved


def test_only_the_names_asked_for_are_saved(session: Session) -> None:
    session.run("k = 1\ndef g(): return k\nclass C: pass\nc = C()\nz = 2")
    manifest = session.save(names=["g", "c"])
    assert list(verdicts(manifest)) == ["g", "c"]
    assert "reads k" in entry(manifest, "g")["reason"]
    session.restore("k = 7\nassert g() == 7 and type(c).__name__ == 'C' and 'z' not in globals()")


def test_asking_for_a_name_that_does_not_exist_is_an_error(session: Session) -> None:
    with pytest.raises(snapshot.UnknownNamesError, match="nothere") as raised:
        session.save(names=["nothere"])
    assert raised.value.code == "snapshot_unknown_names"


def test_names_of_the_shell_are_not_the_users(session: Session) -> None:
    session.run(
        "In = ['']; Out = {}; _ = 1; __ = 2; _i = ''; _i1 = ''; _3 = 3; _dh = []\n_mine = 4"
    )
    session.namespace["get_ipython"] = lambda: None
    shell = {"__name__": "IPython.core.interactiveshell"}
    exec("import functools, io\n@functools.wraps(io.open)\ndef open(*a): pass", shell)
    session.namespace["open"] = shell["open"]
    assert list(verdicts(session.save())) == ["_mine"]


def test_the_manifest_is_json_and_describes_each_object(session: Session) -> None:
    session.run("import numpy as np\nm = np.zeros((3, 4))\nn = 1")
    manifest = session.save()
    assert json.loads((session.directory / "manifest.json").read_text()) == manifest
    assert entry(manifest, "m")["shape"] == [3, 4]
    assert entry(manifest, "m")["type"] == "numpy.ndarray"
    assert entry(manifest, "n")["size"] > 0
    assert manifest["python"].count(".") == 2 and manifest["platform"].count("-") == 1


def test_saving_changes_nothing_in_the_session(session: Session) -> None:
    session.run("import threading\nlock = threading.Lock(); lock.acquire()\nx = [1]\ny = {'x': x}")
    before = dict(session.namespace)
    session.save()
    assert session.namespace == before and session.namespace["lock"].locked()


def test_a_directory_that_holds_something_is_refused(session: Session, tmp_path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    with pytest.raises(snapshot.SnapshotDirectoryError):
        snapshot.save(session.namespace, tmp_path / "full")
