"""Saving the session into a directory and merging one into it; see `slipway_session.snapshot`."""

from __future__ import annotations

from pathlib import Path

from ..errors import InvalidRequestError
from .request import Answer, Arguments
from .session_state import SessionState


def save(session: SessionState, arguments: Arguments) -> Answer:
    """Save all names, those listed, or those that a code needs; return the manifest."""
    # Imported when first needed: most sessions start, and many end, without a snapshot.
    from .. import snapshot

    manifest = snapshot.save(
        session.namespace,
        _absolute(arguments.text("directory")),
        names=arguments.optional_texts("names"),
        code=arguments.optional_text("code"),
        exclude=arguments.texts("exclude"),
        files=arguments.flag("files", default=True),
        workdir=session.directory,
    )
    return Answer({"manifest": manifest})


def load(session: SessionState, arguments: Arguments) -> Answer:
    """Merge a snapshot into the workspace and the working directory; return every verdict."""
    from .. import snapshot

    directory = _absolute(arguments.text("directory"))
    objects = snapshot.load(session.namespace, directory, workdir=session.directory)
    return Answer({"objects": objects})


def _absolute(directory: str) -> Path:
    path = Path(directory)
    if not path.is_absolute():
        raise InvalidRequestError(f"the snapshot's directory must be absolute, not {directory!r}")
    return path
