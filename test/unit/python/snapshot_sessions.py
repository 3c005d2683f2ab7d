"""Sessions to save from, and clean processes to restore in."""

from __future__ import annotations

import json
import linecache
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from slipway_session import snapshot

PYTHON_FOLDER = Path(__file__).resolve().parents[3] / "python"

_RESTORE = """
import json, sys, types
sys.path.append({folder!r})
main = types.ModuleType("__main__")
sys.modules["__main__"] = main
from slipway_session import snapshot
reports = snapshot.load(vars(main), {directory!r})
failed = [report for report in reports if report["verdict"] == "failed"]
assert not ({ok} and failed), failed
source = {checks!r}
exec(compile(source, "<checks>", "exec"), vars(main))
print(json.dumps(reports))
"""


class Session:
    """A notebook's namespace, as ``__main__``, with a working directory of its own."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.workdir = root / "work"
        self.workdir.mkdir()
        self._main = types.ModuleType("__main__")
        monkeypatch.setitem(sys.modules, "__main__", self._main)
        monkeypatch.chdir(self.workdir)
        monkeypatch.syspath_prepend(str(self.workdir))
        self.namespace: dict[str, Any] = vars(self._main)
        self._cells = 0
        self.directory = root / "snapshot"

    def run(self, cell: str) -> None:
        """Run a cell as IPython does, which keeps its source in linecache."""
        self._cells += 1
        name = f"<cell {self.root.name} {self._cells}>"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        exec(compile(cell, name, "exec"), self.namespace)

    def save(self, **options: Any) -> dict[str, Any]:
        """Save into a new directory and return the manifest."""
        self.directory = self.root / f"snapshot-{len(list(self.root.iterdir()))}"
        self.directory.mkdir()
        return snapshot.save(self.namespace, self.directory, **options)

    def restore(self, checks: str = "", *, ok: bool = True) -> dict[str, dict[str, Any]]:
        """Load in a clean process, run ``checks`` there; return the reports by name.

        With ``ok``, every name must come back.
        """
        place = self.root / f"restored-{len(list(self.root.iterdir()))}"
        place.mkdir()
        program = _RESTORE.format(
            folder=str(PYTHON_FOLDER), directory=str(self.directory), checks=checks, ok=ok
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=place,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONPATH": ""},
        )
        assert done.returncode == 0, done.stderr
        return {report["name"]: report for report in json.loads(done.stdout.splitlines()[-1])}


def verdicts(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the verdict of each name."""
    return {entry["name"]: entry["verdict"] for entry in manifest["objects"]}


def entry(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what the manifest says of one name."""
    return next(found for found in manifest["objects"] if found["name"] == name)
