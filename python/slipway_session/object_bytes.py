"""Objects as the bytes that R Server's clients exchange: pickles, which dill and pickle read."""

from __future__ import annotations

import pickle
from typing import Any, Callable

from .errors import WorkspaceObjectError

# Read by every Python since 3.4; clients are often older than servers.
_PROTOCOL = 4


def dump_object(name: str, value: Any) -> bytes:
    """Return an object as bytes. What a notebook defines goes along by its definition.

    Raises `WorkspaceObjectError` when the object cannot be pickled.
    """
    try:
        return _best_dumps()(value, protocol=_PROTOCOL)
    except Exception as error:
        raise WorkspaceObjectError(
            f'the object "{name}" of type {type(value).__name__} cannot be turned into bytes: '
            f"{type(error).__name__}: {error}"
        ) from error


def load_object(name: str, data: bytes | memoryview) -> Any:
    """Return the object that bytes of pickle, cloudpickle or dill stand for.

    The bytes come from the session's own user, who may run any code here anyway. Raises
    `WorkspaceObjectError` when they stand for no object.
    """
    try:
        return pickle.loads(data)
    except Exception as error:
        raise WorkspaceObjectError(
            f'the bytes for "{name}" are no object that this Python can load: '
            f"{type(error).__name__}: {error}; send what dill.dumps or pickle.dumps gives"
        ) from error


def _best_dumps() -> Callable[..., bytes]:
    try:
        import cloudpickle
    except ImportError:
        # Objects of importable types still go; those that a notebook defines are refused.
        return pickle.dumps
    return cloudpickle.dumps
