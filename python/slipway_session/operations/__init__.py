"""What the server and the notebook's kernel ask of a session besides running cells.

An operation is a function of the session's state and the request's arguments; `OPERATIONS` lists
them by the name they have on the wire.
"""

from __future__ import annotations

from .request import Answer, Arguments, Buffer, Operation
from .session_state import SessionState
from .table import OPERATIONS

__all__ = ["OPERATIONS", "Answer", "Arguments", "Buffer", "Operation", "SessionState"]
