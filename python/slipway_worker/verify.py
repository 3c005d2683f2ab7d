"""Verify a snapshot in a clean process: load it, and compare what came back with what was saved.

``python verify.py DIRECTORY`` prints one line of JSON and ends with status 0, whatever came back::

    {"objects": [{"name": "clf", "ok": true, "fingerprint": "…"},
                 {"name": "broken", "ok": false, "reason": "…"}]}

Objects that the snapshot skipped are not in it. When the snapshot cannot be loaded at all, the line
is ``{"objects": [], "error": {"code", "message"}}`` and the status 1.

A process of its own is the point: in the session, or a fork of it, what only exists there would
still be found.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

# Launched by path: our packages come last, so that they shadow nothing of the user's.
sys.path[0] = ""
sys.path.append(str(Path(__file__).resolve().parent.parent))

from slipway_session.snapshot import (  # noqa: E402
    SnapshotError,
    fingerprint,
    load,
    read_manifest,
)


def verify(directory: Path) -> list[dict[str, Any]]:
    """Load a snapshot into a fresh ``__main__`` and say of every object how it came back.

    Raises `SnapshotError` when the snapshot as a whole cannot be loaded.
    """
    manifest = read_manifest(directory)
    # Classes of the notebook belong to __main__, and what looks them up there must find them.
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    namespace = vars(main)
    reports = {report["name"]: report for report in load(namespace, directory, link_files=True)}
    results = []
    for entry in manifest["objects"]:
        if entry["verdict"] == "skipped":
            continue
        report = reports[entry["name"]]
        if report["verdict"] == "failed":
            results.append({"name": entry["name"], "ok": False, "reason": report["reason"]})
        else:
            results.append(_compare(entry, namespace[entry["name"]]))
    return results


def _compare(entry: dict[str, Any], value: Any) -> dict[str, Any]:
    saved = entry.get("fingerprint")
    restored = fingerprint(value)
    result: dict[str, Any] = {"name": entry["name"], "ok": True, "fingerprint": restored}
    if saved is not None and saved != restored:
        result["ok"] = False
        result["reason"] = (
            f"it came back different from the {entry['type']} that was saved; keep its data in "
            "plain types, or give its class __getstate__ and __setstate__"
        )
    return result


def main() -> int:
    """Verify the directory named on the command line and print the outcome."""
    if len(sys.argv) != 2:
        print("usage: verify.py DIRECTORY", file=sys.stderr)
        return 2
    directory = Path(os.path.abspath(sys.argv[1]))
    # What restored objects print goes to standard error; the answer keeps the output for itself.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory(prefix="slipway-verify-") as workdir:
        os.chdir(workdir)
        status = 0
        try:
            outcome: dict[str, Any] = {"objects": verify(directory)}
        except SnapshotError as error:
            outcome = {"objects": [], "error": {"code": error.code, "message": str(error)}}
            status = 1
        os.chdir("/")
    with answer:
        answer.write(json.dumps(outcome, ensure_ascii=False) + "\n")
    # Threads and exit handlers of restored objects are not worth waiting for.
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
