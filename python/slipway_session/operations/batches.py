"""The rows of a batch out of the user's namespace, and its results into it."""

from __future__ import annotations

import json
from typing import Any

from ..errors import InvalidRequestError, RowsError
from ..user_code import evaluate as evaluate_source
from ..values import from_json, to_json
from .request import Answer, Arguments, require_name
from .session_state import SessionState

# The index of the data frame that rows were last taken from.
_last: dict[str, Any] = {"index": None}


def take_rows(session: SessionState, arguments: Arguments) -> Answer:
    """Evaluate an expression and return its rows as the text of a JSON array of objects.

    Each object has the inputs that ``types`` lists, of their types. Numbers stay as they are,
    because the text is passed on as it is.
    """
    # Few sessions need it.
    from slipway_rest import rows

    types = arguments.texts_by_name("types")
    value = evaluate_source(session.shell, arguments.text("expression"), "batch")
    try:
        found = rows.rows_of(value, types)
    except rows.RowsError as error:
        raise RowsError(str(error)) from None
    encoded = [
        {name: to_json(row[name], kind, f"{name} of row {at}") for name, kind in types.items()}
        for at, row in enumerate(found)
    ]
    _last["index"] = rows.index_of(value)
    text = json.dumps(encoded, separators=(",", ":"))
    return Answer({"text": text, "count": len(encoded)})


def assign_results(session: SessionState, arguments: Arguments) -> Answer:
    """Set a name to the results of a batch, as a data frame with a line for each row.

    ``results`` is the text of the JSON array that the server sent, of the rows that were taken
    last. A column ``error`` is there when rows have failed; their outputs are missing. ``batch``
    says where the results come from.
    """
    from slipway_rest import rows

    name = arguments.text("name")
    require_name(name)
    try:
        results = json.loads(arguments.text("results"))
    except ValueError as error:
        raise InvalidRequestError(f"assign_results: the results are not JSON: {error}") from None
    columns = {
        output: [
            from_json(result["outputParameters"].get(output), kind, f"{output} of row {at}")
            for at, result in enumerate(results)
        ]
        for output, kind in arguments.texts_by_name("types").items()
    }
    frame = rows.results_as_frame(columns, results, _last["index"], arguments.mapping("batch"))
    session.set_names({name: frame})
    return Answer()
