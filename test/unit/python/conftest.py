"""Fixtures of the tests of the Python side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_session import LiveSession, live_session
from plain_session import PlainSession
from snapshot_sessions import Session


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A notebook session with an empty namespace and working directory."""
    return Session(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSession]:
    """A session process, shared by the tests of one file."""
    with live_session(tmp_path_factory.mktemp("session")) as session:
        yield session


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[PlainSession]:
    """A session as a server without IPython has it, with the kernel's package installed."""
    session = PlainSession(tmp_path)
    yield session
    session.close()
