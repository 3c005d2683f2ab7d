"""What a service needs to know of a function of the session."""

from __future__ import annotations

from dataclasses import asdict

from ..user_code import evaluate
from .request import Answer, Arguments
from .session_state import SessionState


def describe(session: SessionState, arguments: Arguments) -> Answer:
    """Describe the function that an expression gives; raises `NotPublishableError`."""
    # Imported when first needed: the start of a session does not wait for it.
    from ..functions import describe_function

    expression = arguments.text("name").strip()
    value = evaluate(session.shell, expression, expression)
    return Answer(asdict(describe_function(value, expression, session.namespace)))
