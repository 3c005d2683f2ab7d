import json
import sys

import pytest
from slipway_worker.console import Console
from slipway_worker.service import Definition, Service, ServiceLoadError
from slipway_worker.work_directory import WorkDirectory


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Brings a service to life as a worker does, in this process."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pristine").mkdir()

    def make(code, inputs=(), outputs=(), init_code=None):
        definition = Definition("S/1", None, code, init_code, tuple(inputs), tuple(outputs), ())
        console = Console()
        monkeypatch.setattr(sys, "stdout", console)
        service = Service(definition, console)
        service.load()
        service.initialise(WorkDirectory(str(tmp_path / "work"), str(tmp_path / "pristine")))
        return service

    main = sys.modules["__main__"]
    yield make
    sys.modules["__main__"] = main


def call(service, **parameters):
    answer = service.answer(json.dumps(parameters).encode())
    service.reset()
    return json.loads(answer)


def test_the_answer_is_compact_json_in_the_order_of_the_wire(make):
    service = make("y = x + '☃'", [("x", "character")], [("y", "character")])
    assert service.answer('{"x": "ä"}'.encode()).decode() == (
        '{"success":true,"errorMessage":"","outputParameters":{"y":"ä☃"},'
        '"outputFiles":{},"consoleOutput":"","changedFiles":[]}'
    )


def test_half_a_surrogate_pair_in_the_output_is_escaped(make):
    answer = make("print('\\ud83d')").answer(b"{}")
    assert b'"consoleOutput":"\\ud83d\\n"' in answer


def test_doubles_come_back_with_all_their_digits(make):
    service = make("y = x", [("x", "numeric")], [("y", "numeric")])
    assert call(service, x=0.64181252840938208)["outputParameters"] == {"y": 0.64181252840938208}


def test_names_are_fresh_in_each_request_also_for_functions_of_the_service(make):
    service = make(
        "y = scaled(x)\nk = 100\nextra = 1",
        [("x", "integer")],
        [("y", "integer")],
        "k = 2\ndef scaled(x):\n    assert 'extra' not in globals()\n    return k * x",
    )
    for _ in range(2):
        assert call(service, x=3)["outputParameters"] == {"y": 6}


def test_undeclared_parameters_do_not_become_names(make):
    service = make("seen = 'evil' in globals()", [("x", "integer")], [("seen", "logical")])
    assert call(service, x=1, evil=2)["outputParameters"] == {"seen": False}


def test_no_outputs_are_told_when_one_fails(make):
    service = make("a, b = 1, object()", [], [("a", "integer"), ("b", "vector")])
    answer = call(service)
    assert (answer["success"], answer["outputParameters"]) == (False, {})
    assert answer["errorMessage"].startswith("OutputValueError: b ")


@pytest.mark.parametrize("field", ["code", "initCode"])
def test_a_syntax_error_names_its_field_and_line(make, field):
    sources = {"code": "pass", "init_code": None}
    sources["code" if field == "code" else "init_code"] = "x = 1\ny = (\n"
    with pytest.raises(ServiceLoadError, match=f"The {field} has a syntax error in line 2"):
        make(**sources)


def test_a_nul_in_the_code_is_told(make):
    with pytest.raises(ServiceLoadError, match="The code"):
        make("x = '\0'")


def test_imports_that_the_code_begins_with_are_made_ahead(make, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("ahead", "later"):
        (tmp_path / f"worker_{name}.py").write_text("")
    make("'''Doc.'''\nimport worker_ahead\nx = 1\nimport worker_later")
    assert "worker_ahead" in sys.modules
    assert "worker_later" not in sys.modules


def test_an_import_that_fails_ahead_fails_the_call_alone(make, capfd):
    service = make("import no_such_module_at_all")
    assert "ModuleNotFoundError" in call(service)["errorMessage"]
