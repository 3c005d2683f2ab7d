"""Functions of a notebook, described as services."""

from __future__ import annotations

from typing import Any

import pytest
from live_session import LiveSession, OperationFailed

IMPORTS = """
import functools
from typing import *
from collections.abc import Sequence
from datetime import date
import numpy as np
import pandas as pd
"""


@pytest.fixture(scope="module", autouse=True)
def _imports(live: LiveSession) -> None:
    live.run(IMPORTS)


def describe(live: LiveSession, code: str, name: str = "f") -> dict[str, Any]:
    live.run(code)
    return live.ask("describe_function", name=name)


def refusal(live: LiveSession, code: str, name: str = "f") -> str:
    live.run(code)
    with pytest.raises(OperationFailed) as raised:
        live.ask("describe_function", name=name)
    assert raised.value.ename == "NotPublishableError"
    return raised.value.evalue


def service(live: LiveSession, description: dict[str, Any], **inputs: Any) -> Any:
    """Run the description's source and one call, in a namespace with the session's names."""
    names = ", ".join(parameter["name"] for parameter in description["parameters"])
    code = f"{description['source']}\noutput = {description['name']}({names})"
    live.ask("assign", values={"service_code": code, "service_inputs": inputs})
    live.run("service = {**globals(), **service_inputs}\nexec(service_code, service)")
    return live.evaluate("service['output']")


def test_a_function_with_hints_is_all_that_a_service_needs(live: LiveSession) -> None:
    code = (
        "def predict(flower_data: list) -> str:\n"
        '    """The species of an iris."""\n'
        "    return f'I. {len(flower_data)}'"
    )

    description = describe(live, code, "predict")

    assert description == {
        "name": "predict",
        "source": code,
        "doc": "The species of an iris.",
        "parameters": [
            {
                "name": "flower_data",
                "type": "vector",
                "annotation": "list",
                "optional": False,
                "default": None,
                "inferred": False,
                "origin": "hint",
            }
        ],
        "output": {"name": "result", "type": "character", "inferred": False, "origin": "hint"},
        "kept": [],
    }
    assert service(live, description, flower_data=[7, 3.2]) == "I. 2"


HINTS = [
    ("int", "integer", False),
    ("float", "numeric", False),
    ("str", "character", False),
    ("bool", "logical", False),
    ("np.int64", "integer", False),
    ("np.float64", "numeric", False),
    ("list", "vector", False),
    ("list[float]", "vector", False),
    ("tuple[float, float]", "vector", False),
    ("Sequence[str]", "vector", False),
    ("np.ndarray", "vector", False),
    ("pd.Series", "vector", False),
    ("date", "character", False),
    ("np.matrix", "matrix", False),
    ("list[list[float]]", "matrix", False),
    ("Sequence[Sequence[float]]", "matrix", False),
    ("np.ndarray[tuple[int, int], np.dtype[np.float64]]", "matrix", False),
    ("pd.DataFrame", "data.frame", False),
    ("Optional[int]", "integer", True),
    ("Union[int, float]", "numeric", False),
    ("Union[int, float, None]", "numeric", True),
    ("Union[list, np.ndarray]", "vector", False),
    ("Literal['a', 'b']", "character", False),
    ("Annotated[float, 'cm']", "numeric", False),
    ("NewType('Length', float)", "numeric", False),
    ("'float'", "numeric", False),
]


@pytest.mark.parametrize(("hint", "wire_type", "optional"), HINTS)
def test_a_hint_gives_the_type(
    live: LiveSession, hint: str, wire_type: str, optional: bool
) -> None:
    description = describe(live, f"def f(x: {hint}) -> float:\n    return 1.0")

    parameter = description["parameters"][0]
    assert (parameter["type"], parameter["optional"]) == (wire_type, optional)
    assert not parameter["inferred"]


RETURNS = [
    ("str", "character"),
    ("np.ndarray", "vector"),
    ("list[list[int]]", "matrix"),
    ("pd.DataFrame", "data.frame"),
    ("dict[str, float]", "data.frame"),
    ("Optional[float]", "numeric"),
]


@pytest.mark.parametrize(("hint", "wire_type"), RETURNS)
def test_the_return_hint_gives_the_type_of_the_output(
    live: LiveSession, hint: str, wire_type: str
) -> None:
    description = describe(live, f"def f(x: float) -> {hint}:\n    return x")

    assert description["output"] == {
        "name": "result",
        "type": wire_type,
        "inferred": False,
        "origin": "hint",
    }


def test_an_annotated_return_hint_names_the_output(live: LiveSession) -> None:
    description = describe(
        live, "def f(x: float) -> Annotated[str, 'iris_species']:\n    return 'a'"
    )

    assert description["output"]["name"] == "iris_species"
    assert description["output"]["type"] == "character"


def test_the_output_never_has_the_name_of_an_input_or_the_function(live: LiveSession) -> None:
    assert describe(live, "def f(result): return result")["output"]["name"] == "result_"
    description = describe(live, "def result(x): return x", "result")
    assert description["output"]["name"] == "result_"


DEFAULTS = [
    ("3", "integer", 3),
    ("1.5", "numeric", 1.5),
    ("'a'", "character", "a"),
    ("True", "logical", True),
    ("(1, 2)", "vector", [1, 2]),
    ("[[1, 2]]", "matrix", [[1, 2]]),
    ("np.zeros((1, 2))", "matrix", [[0, 0]]),
    ("pd.DataFrame({'a': [1]})", "data.frame", {"a": [1]}),
    ("None", "vector", None),
]


@pytest.mark.parametrize(("default", "wire_type", "value"), DEFAULTS)
def test_a_default_gives_the_type_where_there_is_no_hint(
    live: LiveSession, default: str, wire_type: str, value: Any
) -> None:
    parameter = describe(live, f"def f(x={default}): return x")["parameters"][0]

    assert parameter["type"] == wire_type
    assert parameter["default"] == value
    assert parameter["optional"]
    origin = "nothing" if value is None else "default"
    assert (parameter["inferred"], parameter["origin"]) == (True, origin)


BODIES = [
    ("return names[clf.predict([x])[0]]", "vector"),
    ("return clf.predict([[x, y]])", "numeric"),
    ("return clf.predict(pd.DataFrame({'hp': [x], 'wt': [y]}))", "numeric"),
    ("return x * 2.54", "numeric"),
    ("return [v + 1 for v in x]", "vector"),
    ("return x[0]", "vector"),
    ("return len(x)", "vector"),
    ("return x.strip().lower()", "character"),
    ("return 'Dear ' + x", "character"),
    ("return x['age'].mean()", "data.frame"),
    ("return x.groupby('age').size()", "data.frame"),
    ("return other(x)", "vector"),
]


@pytest.mark.parametrize(("body", "wire_type"), BODIES)
def test_without_hint_and_default_the_body_gives_the_type(
    live: LiveSession, body: str, wire_type: str
) -> None:
    parameter = describe(live, f"def f(x, y=0):\n    {body}")["parameters"][0]

    assert (parameter["type"], parameter["inferred"]) == (wire_type, True)
    tells_nothing = "other(x)" in body or "predict([x])" in body
    assert parameter["origin"] == ("nothing" if tells_nothing else "body")
    assert not parameter["optional"]


RESULTS = [
    ("return f'{x}'", "character"),
    ("return float(x)", "numeric"),
    ("return {'a': x}", "data.frame"),
    ("return x", "vector"),
    ("if x: return 'a'\n    return 1", "vector"),
]


@pytest.mark.parametrize(("body", "wire_type"), RESULTS)
def test_without_return_hint_the_return_statements_give_the_type(
    live: LiveSession, body: str, wire_type: str
) -> None:
    output = describe(live, f"def f(x):\n    {body}")["output"]

    origin = "nothing" if wire_type == "vector" else "body"
    assert output == {"name": "result", "type": wire_type, "inferred": True, "origin": origin}


def test_a_parameter_whose_default_cannot_be_sent_is_no_input(live: LiveSession) -> None:
    description = describe(live, "def f(x: float, model=object()) -> float:\n    return x")

    assert [parameter["name"] for parameter in description["parameters"]] == ["x"]
    assert service(live, description, x=2) == 2


CONVERTED = [
    ("np.ndarray", [1, 2], "ndarray"),
    ("pd.Series", [1, 2], "Series"),
    ("tuple", [1, 2], "tuple"),
    ("set", [1, 2], "set"),
    ("date", "2026-11-23", "date"),
    ("Optional[np.ndarray]", None, "NoneType"),
]


@pytest.mark.parametrize(("hint", "value", "kind"), CONVERTED)
def test_a_service_calls_the_function_with_the_type_of_its_hint(
    live: LiveSession, hint: str, value: Any, kind: str
) -> None:
    description = describe(live, f"def f(x: {hint}) -> str:\n    return type(x).__name__")

    assert service(live, description, x=value) == kind


def test_a_conversion_leaves_the_names_of_the_function_alone(live: LiveSession) -> None:
    """``from datetime import datetime`` is what most notebooks write."""
    code = (
        "from datetime import datetime\n"
        "def f(at: datetime) -> str:\n    return datetime.isoformat(at)"
    )

    assert service(live, describe(live, code), at="2026-11-23T10:00:00") == "2026-11-23T10:00:00"


@pytest.mark.parametrize("value", ["23/11/2026", 20261123, ["2026-11-23"], None])
def test_a_text_that_is_no_date_is_refused_by_the_name_of_its_parameter(
    live: LiveSession, value: Any
) -> None:
    live.run("import datetime")
    description = describe(live, "def f(day: datetime.date) -> str:\n    return str(day)")

    live.ask("assign", values={"service_code": description["source"], "day": value})
    reply = live.execute("exec(service_code, dict(globals()))").reply
    assert (reply["ename"], reply["evalue"]) == (
        "ValueError",
        f"the parameter day is {value!r}, which is no datetime.date; "
        "send it as ISO 8601, such as '2026-11-23'",
    )


def test_a_hint_of_several_types_is_marked_since_a_service_takes_one(live: LiveSession) -> None:
    description = describe(live, "def f(x: Union[int, str]) -> int:\n    return 1")

    parameter = description["parameters"][0]
    assert (parameter["type"], parameter["origin"], parameter["inferred"]) == (
        "integer",
        "hint",
        True,
    )


def test_a_definition_inside_a_block_is_moved_to_the_margin(live: LiveSession) -> None:
    description = describe(live, "if True:\n    def f(x: int) -> int:\n        return x + 1")

    assert description["source"] == "def f(x: int) -> int:\n    return x + 1"


def test_a_definition_whose_text_cannot_be_moved_still_runs(live: LiveSession) -> None:
    description = describe(live, 'if True:\n    def f(x: int) -> str:\n        return """a\nb"""')

    assert service(live, description, x=1) == "a\nb"


def test_a_decorator_that_wraps_stays_and_one_that_registers_goes(live: LiveSession) -> None:
    live.run(
        "known = []\n"
        "def register(function):\n    known.append(function)\n    return function\n"
        "def doubled(function):\n"
        "    @functools.wraps(function)\n"
        "    def wrapper(*args): return 2 * function(*args)\n"
        "    return wrapper"
    )

    registered = describe(live, "@register\ndef f(x: int) -> int:\n    return x")
    wrapped = describe(live, "@doubled\ndef g(x: int) -> int:\n    return x", "g")
    cached = describe(live, "@functools.lru_cache\ndef h(x: int) -> int:\n    return x", "h")

    assert registered["source"].startswith("def f(")
    assert wrapped["source"].startswith("@doubled\ndef g(")
    assert service(live, wrapped, x=4) == 8
    assert cached["source"].startswith("@functools.lru_cache\ndef h(")
    assert service(live, cached, x=4) == 4


def test_of_two_definitions_the_last_one_counts(live: LiveSession) -> None:
    describe(live, "def f(x: int) -> int:\n    return 1")

    description = describe(live, "def f(x: int) -> int:\n    return 2")

    assert description["source"].endswith("return 2")


def test_a_function_of_a_module_is_imported(live: LiveSession) -> None:
    live.run(
        "import pathlib\n"
        "pathlib.Path('scoring.py').write_text('FACTOR = 3\\n\\n'\n"
        "    'def score(x: float) -> float:\\n    return FACTOR * x\\n')\n"
        "import scoring"
    )

    description = live.ask("describe_function", name="scoring.score")

    assert description["source"] == "from scoring import score"
    assert service(live, description, x=2) == 6


REFUSALS = [
    ("f = lambda x: x", "f", "it is a lambda, which has no name; define a function with def"),
    ("class f: pass", "f", "it is a class; write a function with def that calls it"),
    ("", "len", "it is built in, and has no Python source"),
    ("f = functools.partial(print)", "f", "it is a functools.partial"),
    ("class C:\n    def m(self): return 1", "C().m", "it is a method, bound to an object"),
    ("", "C.m", "it is a method of C"),
    ("class D:\n    def __call__(self): return 1", "D()", "an object of type D that can be called"),
    ("f = 3", "f", "it is a value of type int, not a function"),
    ("async def f(x): return x", "f", "it is asynchronous"),
    ("def f(x): yield x", "f", "it is a generator; return a list"),
    ("def make():\n    k = 2\n    def f(x): return k\n    return f", "make()", "it uses k of the"),
    ("def f(*rows): return rows", "f", "f takes *rows, and the inputs of a service have names"),
    ("def f(**rows): return rows", "f", "f takes **rows"),
    ("def f(x, *, y): return x", "f", "f takes y by keyword only"),
    ("def f(x, model=object(), y=1): return x", "f", "move it to the end"),
    ("def f(x: dict): return x", "f", "the parameter x of f is hinted dict, which cannot be sent"),
    ("def f(x) -> object.__class__: return x", "f", "f is hinted to return type"),
    ("def f(x): print(x)", "f", "f returns nothing"),
    ("def f(x) -> None: return x", "f", "f returns nothing"),
    ("exec('def f(x): return x')", "f", "the source of f is not known"),
    ("def f(x):\n    %time y = x\n    return y", "f", "f uses magics or shell commands"),
]


@pytest.mark.parametrize(("code", "name", "reason"), REFUSALS, ids=[r for _, _, r in REFUSALS])
def test_what_cannot_be_published_says_why(
    live: LiveSession, code: str, name: str, reason: str
) -> None:
    assert reason in refusal(live, code, name)


def test_an_unknown_function_is_the_users_name_error(live: LiveSession) -> None:
    with pytest.raises(OperationFailed) as raised:
        live.ask("describe_function", name="never_defined")

    assert raised.value.ename == "NameError"


def test_a_hint_in_quotes_that_names_nothing_is_passed_over(live: LiveSession) -> None:
    parameter = describe(live, "def f(x: 'Nowhere', y: int) -> int:\n    return y")["parameters"][0]

    assert (parameter["type"], parameter["annotation"]) == ("vector", "Nowhere")
    assert parameter["inferred"]
