"""From the content of a request to the content of its reply; no request ends the kernel."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import (
    SessionRequestError,
    UnknownOperationError,
    UserCodeError,
    WrongChannelError,
)
from .operations import OPERATIONS, Answer, Arguments, Buffer, SessionState
from .user_code import text_of
from .values import InputValueError, OutputValueError, UnknownWireTypeError

# Their text is made for the one who asked; what else is raised is a fault of ours or the system's.
_EXPECTED = (SessionRequestError, InputValueError, OutputValueError, UnknownWireTypeError)

Reply = tuple[dict[str, Any], Sequence[Buffer]]


def answer_request(
    session: SessionState,
    content: Mapping[str, Any],
    buffers: Sequence[Buffer],
    *,
    client: str,
    on_control: bool,
    log: logging.Logger,
) -> Reply:
    """Perform the operation that a request names; return the content and buffers of the reply.

    Nothing is raised but KeyboardInterrupt, where it comes outside of the user's code.
    """
    try:
        answer = _perform(session, content, buffers, client, on_control)
    except UserCodeError as error:
        ename = type(error.error).__name__
        return failure(ename, text_of(error.error), error.traceback), ()
    except _EXPECTED as error:
        return failure(type(error).__name__, str(error)), ()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # SystemExit too: an object that exits while it is unpickled must not end the session.
        if not _speaks_for_itself(error):
            log.exception("slipway_request %r failed", content.get("op"))
        return failure(type(error).__name__, text_of(error)), ()
    return {"status": "ok", "result": answer.result}, answer.buffers


def failure(ename: str, evalue: str, traceback: Sequence[str] = ()) -> dict[str, Any]:
    """Return the content of a reply that reports a failure."""
    shown = list(traceback) or [f"{ename}: {evalue}"]
    return {"status": "error", "ename": ename, "evalue": evalue, "traceback": shown}


def _perform(
    session: SessionState,
    content: Mapping[str, Any],
    buffers: Sequence[Buffer],
    client: str,
    on_control: bool,
) -> Answer:
    name = content.get("op")
    operation = OPERATIONS.get(name) if isinstance(name, str) else None
    if operation is None or not isinstance(name, str):
        raise UnknownOperationError(name, OPERATIONS)
    if on_control and not operation.is_safe_beside_cells:
        raise WrongChannelError(name)
    return operation.run(session, Arguments(name, content, buffers, client))


def _speaks_for_itself(error: BaseException) -> bool:
    """Tell whether an error was raised for the user: the errors of snapshots have a code."""
    return isinstance(getattr(error, "code", None), str)
