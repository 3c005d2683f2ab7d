"""Values into and out of the user's namespace: evaluate, assign, collect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidRequestError, MissingOutputError
from ..user_code import evaluate as evaluate_source
from ..values import from_json, to_json
from .request import Answer, Arguments, Buffer, require_name
from .session_state import SessionState


def evaluate(session: SessionState, arguments: Arguments) -> Answer:
    """Evaluate expressions in order and return their values as JSON, by label.

    With ``asText`` each value is a string of JSON. A JavaScript program that only passes values on
    keeps them as they are by it: parsed, 9.0 would become 9, and integers beyond 2**53 others.
    """
    types = arguments.texts_by_name("types")
    as_text = arguments.flag("asText")
    values = {}
    for label, source in arguments.texts_by_name("expressions").items():
        value = to_json(evaluate_source(session.shell, source, label), types.get(label), label)
        values[label] = json.dumps(value, separators=(",", ":")) if as_text else value
    return Answer({"values": values})


def assign(session: SessionState, arguments: Arguments) -> Answer:
    """Set names to values; all of them, or none when one is not of its type.

    With ``asText`` each value is a string of JSON, as `evaluate` returns them. With ``asRequest``
    they are the ``inputParameters`` of the JSON in the buffer, which is the body of a request as it
    came. ``trackFiles`` begins a call: an execution is to follow, and then `collect`.
    """
    if arguments.flag("trackFiles"):
        session.files.remember()
        # Until it has run: it may be dropped, when a cell of another client fails before it.
        session.record_execution(arguments.client, False)
    types = arguments.texts_by_name("types")
    as_text = arguments.flag("asText")
    given: Mapping[str, Any]
    if arguments.flag("asRequest"):
        given = _parameters_of(arguments.buffer())
    else:
        given = arguments.texts_by_name("values") if as_text else arguments.mapping("values")
    values = {}
    for name, sent in given.items():
        require_name(name)
        values[name] = from_json(_parsed(name, sent) if as_text else sent, types.get(name), name)
    session.set_names(values)
    return Answer()


def collect(session: SessionState, arguments: Arguments) -> Answer:
    """Return the values of names, and the files written since they were last tracked.

    With ``ifSucceeded`` there are no values unless the client's last execution succeeded: they
    would be those of an earlier one. With ``asText`` each value is a string of JSON.
    """
    types = arguments.texts_by_name("types")
    names = arguments.texts("names")
    as_text = arguments.flag("asText")
    changed_files = session.files.changed()
    if arguments.flag("ifSucceeded") and not session.last_execution_succeeded(arguments.client):
        return Answer({"values": [], "changedFiles": changed_files})
    values = []
    for name in names:
        if name not in session.namespace:
            raise MissingOutputError(name)
        value = to_json(session.namespace[name], types.get(name), name)
        shown = json.dumps(value, separators=(",", ":")) if as_text else value
        values.append({"name": name, "value": shown})
    return Answer({"values": values, "changedFiles": changed_files})


def _parameters_of(body: Buffer) -> dict[str, Any]:
    try:
        parameters = json.loads(bytes(body))["inputParameters"]
        return {parameter["name"]: parameter.get("value") for parameter in parameters}
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise InvalidRequestError(f"assign: the inputParameters cannot be read: {error}") from None


def _parsed(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidRequestError(f"assign: the text of {name} is not JSON: {error}") from None
