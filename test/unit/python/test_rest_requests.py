"""What else the kernel asks of a session without IPython: values, help, counting."""

from __future__ import annotations

from typing import Any

import pytest
from plain_session import PlainSession


def test_tells_what_it_is(plain: PlainSession) -> None:
    result = plain.ask("info").reply["result"]
    assert result["ipython"] is False
    assert result["python"][0] == "3"
    assert result["executionCount"] == 1


def test_an_operation_that_it_does_not_have_is_refused(plain: PlainSession) -> None:
    reply = plain.ask("workspace_get", name="x").reply
    assert (reply["status"], reply["ename"]) == ("error", "NotSupportedByServerError")


def test_a_failure_of_the_helper_itself_is_an_answer(plain: PlainSession) -> None:
    reply = plain.ask("evaluate", expressions=["not by name"]).reply
    assert (reply["status"], reply["ename"]) == ("error", "AttributeError")
    assert plain.cell("1").reply["status"] == "ok"


@pytest.mark.parametrize(
    ("expression", "wire_type", "expected"),
    [
        ("[1, 2.5, None, True, 'a']", None, [1, 2.5, None, True, "a"]),
        ("float('nan'), float('inf')", None, [None, "Infinity"]),
        ("__import__('numpy').arange(4).reshape(2, 2)", "matrix", [[0, 1], [2, 3]]),
        ("__import__('numpy').float64(1.5)", "numeric", 1.5),
        ("[3.0]", "integer", 3),
        ("__import__('datetime').date(2020, 1, 2)", None, "2020-01-02"),
        (
            "__import__('pandas').DataFrame({'b': [1, 2], 'a': ['x', None]})",
            "data.frame",
            {"b": [1, 2], "a": ["x", None]},
        ),
        ("{'x': 1}", "data.frame", {"x": [1]}),
    ],
)
def test_evaluates_to_json(
    plain: PlainSession, expression: str, wire_type: str | None, expected: Any
) -> None:
    types = {} if wire_type is None else {"v": wire_type}
    reply = plain.ask("evaluate", expressions={"v": expression}, types=types).reply
    assert reply["result"]["values"] == {"v": expected}


def test_evaluates_to_texts_that_keep_what_json_would_lose(plain: PlainSession) -> None:
    expressions = {"a": "9.0", "b": "2**64"}
    reply = plain.ask("evaluate", expressions=expressions, asText=True).reply
    assert reply["result"]["values"] == {"a": "9.0", "b": "18446744073709551616"}


@pytest.mark.parametrize(
    ("expression", "wire_type", "said"),
    [
        ("object()", None, "v is of type object, which JSON cannot carry"),
        ("'a'", "integer", "v is of type str, not the declared integer"),
        ("{'a': [1], 'b': [1, 2]}", "data.frame", "not of one length"),
    ],
)
def test_refuses_a_value_that_is_not_of_its_type(
    plain: PlainSession, expression: str, wire_type: str | None, said: str
) -> None:
    types = {} if wire_type is None else {"v": wire_type}
    reply = plain.ask("evaluate", expressions={"v": expression}, types=types).reply
    assert reply["ename"] == "OutputValueError"
    assert said in reply["evalue"]


def test_what_an_expression_raises_is_told_with_its_traceback(plain: PlainSession) -> None:
    reply = plain.ask("evaluate", expressions={"flower": "1/0"}).reply
    assert reply["ename"] == "ZeroDivisionError"
    assert "<flower>" in "\n".join(reply["traceback"])


def test_assigns_values_of_their_types_or_none_of_them(plain: PlainSession) -> None:
    values = {"n": "1", "frame": '{"b":[1],"a":[2]}', "m": "[[1,2],[3,4]]"}
    types = {"n": "numeric", "frame": "data.frame", "m": "matrix"}
    plain.ask("assign", values=values, types=types, asText=True)
    shown = plain.cell("type(n), list(frame), m.shape").shown("execute_result")[0]
    assert shown["data"]["text/plain"] == "(<class 'float'>, ['b', 'a'], (2, 2))"
    failed = plain.ask("assign", values={"one": 1, "two": "x"}, types={"two": "numeric"}).reply
    assert failed["ename"] == "InputValueError"
    assert plain.cell("one").reply["ename"] == "NameError"


def test_a_cell_in_pieces_counts_once(plain: PlainSession) -> None:
    begun = plain.ask("begin_cell", code="%magic\n1", storeHistory=True).reply
    assert begun["result"] == {"executionCount": 1}
    plain.cell("1", store_history=False)
    ended = plain.ask("end_cell", storeHistory=True).reply
    assert ended["result"] == {"executionCount": 2}
    assert plain.cell("In[1]").shown("execute_result")[0]["data"]["text/plain"] == "'%magic\\n1'"


def test_the_count_goes_on_where_another_session_was(plain: PlainSession) -> None:
    plain.ask("continue_count", executionCount=8)
    assert plain.cell("1").reply["execution_count"] == 8


def test_completes_names_attributes_and_keywords(plain: PlainSession) -> None:
    plain.cell("import os\nvalue = 1")
    assert plain.ask("complete", code="val", cursor_pos=3).reply["matches"] == ["value"]
    reply = plain.ask("complete", code="é = os.path.joi", cursor_pos=15).reply
    assert reply["matches"] == ["os.path.join"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (4, 15)
    assert plain.ask("complete", code="", cursor_pos=0).reply["matches"] == []


def test_inspects_what_the_cursor_is_on_or_whose_call_it_is_in(plain: PlainSession) -> None:
    plain.cell('def f(a, b=2):\n    "Does it."\n    return a')
    for cursor in (1, 2, 5):
        reply = plain.ask("inspect", code="f(1, g)", cursor_pos=cursor).reply
        assert reply["found"], cursor
        assert "Signature: f(a, b=2)" in reply["data"]["text/plain"]
        assert "Does it." in reply["data"]["text/plain"]
    source = plain.ask("inspect", code="f", cursor_pos=1, detail_level=1).reply
    assert "return a" in source["data"]["text/plain"]
    assert plain.ask("inspect", code="nowhere", cursor_pos=3).reply["found"] is False


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1", {"status": "complete"}),
        ("for i in x:", {"status": "incomplete", "indent": "    "}),
        ("x = (", {"status": "incomplete", "indent": ""}),
        ("x = )", {"status": "invalid"}),
    ],
)
def test_tells_whether_code_is_complete(
    plain: PlainSession, code: str, expected: dict[str, str]
) -> None:
    assert plain.ask("is_complete", code=code).reply == expected
