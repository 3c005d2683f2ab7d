import os
from pathlib import Path

import pytest
from slipway_worker.directory_watch import DirectoryWatch
from slipway_worker.work_directory import WorkDirectory


@pytest.fixture(params=["watched", "looked through"])
def directory(request, tmp_path, monkeypatch):
    """A working directory, with inotify and as on systems without it."""
    if request.param == "looked through":
        monkeypatch.setattr(DirectoryWatch, "start", lambda self, directories: None)
    monkeypatch.chdir(tmp_path)
    pristine = tmp_path / "pristine"
    (pristine / "data").mkdir(parents=True)
    (pristine / "a.txt").write_text("a")
    (pristine / "data" / "b.txt").write_text("b")
    yield WorkDirectory(str(tmp_path / "work"), str(pristine))


def contents():
    return {
        path.as_posix(): path.read_text() if path.is_file() else None
        for path in sorted(Path().rglob("*"))
    }


START = {"a.txt": "a", "data": None, "data/b.txt": "b"}


def test_begins_as_a_private_copy(directory):
    assert os.getcwd() == directory.path
    assert os.stat(".").st_mode & 0o777 == 0o700
    assert contents() == START
    assert directory.changed() == []


def replace_file_by_directory():
    os.remove("a.txt")
    os.makedirs("a.txt/deep")
    Path("a.txt/deep/file").write_text("x")


def replace_directory_by_link(outside):
    os.rename("data", "moved")
    os.symlink(outside, "data")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda: Path("a.txt").write_text("changed"), ["a.txt"]),
        (lambda: Path("a.txt").write_text("b"), ["a.txt"]),
        (lambda: os.remove("a.txt"), []),
        (lambda: Path("new.txt").write_text("x"), ["new.txt"]),
        (lambda: os.makedirs("empty/deep"), []),
        (lambda: os.chmod("a.txt", 0o755), ["a.txt"]),
        (lambda: os.rename("data", "moved"), ["moved/b.txt"]),
        (lambda: os.symlink("/etc", "link"), ["link"]),
        (replace_file_by_directory, ["a.txt/deep/file"]),
    ],
)
def test_tells_and_undoes_a_change(directory, change, told):
    mode = os.stat("a.txt").st_mode
    for _ in range(2):
        change()
        assert directory.changed() == told
        directory.restore()
        assert contents() == START
        assert os.stat("a.txt").st_mode == mode
        assert directory.changed() == []


def test_undoing_never_reaches_through_a_link(directory, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.txt").write_text("not ours")
    replace_directory_by_link(outside)
    directory.changed()
    directory.restore()
    assert contents() == START
    assert (outside / "b.txt").read_text() == "not ours"


def test_kept_changes_are_where_requests_begin(directory):
    Path("made.txt").write_text("made")
    Path("a.txt").write_text("initialised")
    directory.keep_changes()
    start = contents()
    Path("made.txt").write_text("changed")
    os.remove("a.txt")
    assert directory.changed() == ["made.txt"]
    directory.restore()
    assert contents() == start


def test_tells_changes_when_the_code_has_left(directory):
    Path("new.txt").write_text("x")
    os.chdir("/")
    assert directory.changed() == ["new.txt"]
    assert directory.read_base64("new.txt") == "eA=="


def test_comes_back_when_the_code_has_left_and_changed_nothing(directory):
    os.chdir("/")
    assert directory.changed() == []
    assert directory.read_base64("a.txt") == "YQ=="
    directory.restore()
    assert os.getcwd() == directory.path


def test_looks_after_its_own_files_when_the_initial_code_has_left(directory):
    os.chdir("/")
    directory.keep_changes()
    assert os.getcwd() == directory.path
    Path("new.txt").write_text("x")
    assert directory.changed() == ["new.txt"]
    directory.restore()
    assert contents() == START


def test_reads_regular_files_inside_and_nothing_else(directory):
    os.symlink("/etc/passwd", "link")
    assert directory.read_base64("a.txt") == "YQ=="
    for name in ("absent.txt", "data", "link", "/etc/passwd", "../pristine/a.txt"):
        assert directory.read_base64(name) is None
