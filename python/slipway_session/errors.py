"""What can be wrong with a request to the session; the class name is its ``ename`` on the wire."""

from __future__ import annotations

from collections.abc import Iterable


class SessionRequestError(Exception):
    """A request to the session could not be answered. The message is for people."""


class UnknownOperationError(SessionRequestError):
    """The request names an operation that does not exist, as a newer server's might."""

    def __init__(self, operation: object, known: Iterable[str]) -> None:
        super().__init__(
            f"this session has no operation {operation!r}; it has {', '.join(sorted(known))}"
        )


class WrongChannelError(SessionRequestError):
    """An operation that may run user code was sent on control, where it would run in a thread."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"{operation} must be asked on the shell channel, not on control")


class InvalidRequestError(SessionRequestError):
    """An argument of a request is missing or of another type."""


class InvalidNameError(SessionRequestError):
    """A name to set is no Python identifier."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} is not a name that Python code can use; use letters, digits and underscores"
        )


class MissingOutputError(SessionRequestError):
    """Code was to set a name, and has not."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f'the code has not set the output "{name}"; assign to it, or leave it out of the '
            "outputs"
        )


class WorkspaceObjectNotFound(SessionRequestError):
    """The workspace has no object of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f'the session has no object "{name}"')


class WorkspaceObjectError(SessionRequestError):
    """An object cannot be turned into bytes, or bytes are no object."""


class RowsError(SessionRequestError):
    """A value has no rows, or not those that a service takes; the message says which."""


class NotPublishableError(SessionRequestError):
    """Something is not a function that a service can be made from; the message says the fix."""


class UserCodeError(Exception):
    """Code of the user raised; carries the exception and the traceback as IPython formats it."""

    def __init__(self, error: BaseException, traceback: list[str]) -> None:
        super().__init__(str(type(error).__name__))
        self.error = error
        self.traceback = traceback
