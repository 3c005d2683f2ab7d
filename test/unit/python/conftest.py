"""Fixtures of the tests of the Python side."""

from __future__ import annotations

from pathlib import Path

import pytest
from snapshot_sessions import Session


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A notebook session with an empty namespace and working directory."""
    return Session(tmp_path, monkeypatch)
