"""What a piece of code needs of the session, and a snapshot of just that."""

from __future__ import annotations

import sys

import pytest
from slipway_session import snapshot
from slipway_session.snapshot.dependencies import code_needs
from snapshot_sessions import Session, verdicts


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("y = x + 1", {"x"}),
        ("x = 1\ny = x + 1", set()),
        ("print(len(range(x)))", {"x"}),
        ("x += 1", {"x"}),
        ("x: int = y", {"y"}),
        ("obj.attr[i] = v", {"obj", "i", "v"}),
        ("del x", {"x"}),
        ("x = 1\ndel x\nx", {"x"}),
        ("import numpy as np\nnp.array(x)", {"x"}),
        ("from a import b as c\nc(b)", {"b"}),
        ("if flag:\n    x = 1\nx", {"flag", "x"}),
        ("if flag:\n    x = 1\nelse:\n    x = 2\nx", {"flag"}),
        ("if flag:\n    x = 1\nelse:\n    raise ValueError(m)\nx", {"flag", "m"}),
        ("for i in items:\n    last = i\nlast", {"items", "last"}),
        ("for i in items: pass\nelse: done = 1\ndone", {"items"}),
        ("while n:\n    n = n - 1", {"n"}),
        ("while True:\n    x = f()\n    if x: break\nx", {"f"}),
        ("for i in a:\n    if i: break\nelse: done = 1\ndone", {"a", "done"}),
        ("while True:\n    try:\n        x = f()\n        break\n    except E: pass", {"f", "E"}),
        ("try:\n    x = f()\nexcept E as e:\n    x = e\nx\ne", {"f", "E", "e"}),
        ("try:\n    x = f()\nfinally:\n    y = 1\nx\ny", {"f"}),
        ("try:\n    a\nexcept E:\n    x = 1\nelse:\n    x = 2\nx", {"a", "E"}),
        ("with m as x, x.n as (a, *b):\n    c = 1\na, b, c, x", {"m"}),
        ("[i * k for i in xs if i in ok]", {"k", "xs", "ok"}),
        ("{k: v for k, v in d.items()}; sum(g for g in gs); {s for s in ss}", {"d", "gs", "ss"}),
        ("[(y := f(i)) for i in xs]\ny", {"f", "xs"}),
        ("g = lambda a, b=c: a + b + k", {"c", "k"}),
        ("def f(a, b=c) -> T:\n    local = a\n    return local + k + f(b)", {"c", "T", "k"}),
        ("def f():\n    return later\nlater = 1\nf()", set()),
        ("def f():\n    def g():\n        return [deep for _ in a]\n    return g", {"deep", "a"}),
        ("def f():\n    global n\n    n = 1\n    return n", {"n"}),
        ("@deco(z)\ndef f(): pass\nf()", {"deco", "z"}),
        ("class C(Base, metaclass=M):\n    x = 1\n    y = x + k\n", {"Base", "M", "k"}),
        ("class C:\n    x = 1\n    def m(self):\n        return x", {"x"}),
        ("class C:\n    x = x\n", {"x"}),
        ("class C:\n    def clone(self):\n        return C()", set()),
        ("f'{x!r:>{width}}'", {"x", "width"}),
        ("a = b = c\nd, (e, *f) = a", {"c"}),
        ("async def f():\n    async for x in y: await z", {"y", "z"}),
        ("x = await fetch(u)", {"fetch", "u"}),
        ("from __future__ import annotations\ndef f(x: Undefined): pass", set()),
        ("display(x)", {"display", "x"}),
        ("assert x, y", {"x", "y"}),
    ],
)
def test_code_needs_the_names_that_it_reads_before_binding_them(code: str, names: set[str]) -> None:
    assert code_needs(code).names == names


@pytest.mark.skipif(sys.version_info < (3, 10), reason="match statements came with Python 3.10")
def test_names_captured_by_a_pattern_are_bound() -> None:
    code = (
        "match m:\n    case {'a': a, **rest} if a > k:\n        a, rest\n"
        "    case Kind(x=[b, *c]):\n        b, c"
    )
    assert code_needs(code).names == {"m", "k", "Kind"}


def test_declared_inputs_are_not_needed() -> None:
    assert code_needs("clf.predict([row])", exclude=["row"]).names == {"clf"}


@pytest.mark.parametrize("code", ["%matplotlib inline\nx = 1", "x = = 1", "!ls", "return 1"])
def test_code_that_is_not_plain_python_is_an_error(code: str) -> None:
    with pytest.raises(snapshot.CodeSyntaxError, match="line 1") as raised:
        code_needs(code)
    assert raised.value.code == "snapshot_code_syntax"


def test_a_snapshot_for_code_holds_what_it_needs_and_nothing_else(session: Session) -> None:
    session.run(
        "import json, math, csv\nimport os.path as p\n"
        "huge = list(range(1000))\nfactor = 2\nshift = 1\nunused = 3\nrow = None\n"
        "def helper(x): return math.floor(x) + shift\n"
        "def outer(x): return [helper(i) * factor for i in x]\n"
        "class Base:\n    def scale(self): return factor\n"
        "class Model(Base):\n    def run(self, x): return outer(x) + [self.scale(), missing_one]\n"
        "model = Model()\nmodels = {'m': model}\n"
    )
    manifest = session.save(
        code="import re\nout = models['m'].run(row)\njson.dumps(out + absent)", exclude=["row"]
    )
    assert verdicts(manifest) == {
        "models": "saved",
        "json": "import",
        "Model": "saved",
        "Base": "saved",
        "outer": "saved",
        "helper": "saved",
        "math": "import",
        "shift": "saved",
        "factor": "saved",
    }
    assert manifest["missing"] == ["absent", "missing_one"]
    session.restore(
        "missing_one = 9\nassert models['m'].run([1.5]) == [4, 2, 9]\n"
        "assert type(models['m']) is Model and json.dumps(1) == '1'\n"
        "assert 'huge' not in globals() and 'row' not in globals()\n"
    )


def test_names_that_the_code_assigns_are_not_missing_in_functions_that_it_calls(
    session: Session,
) -> None:
    session.run("def f(): return threshold")
    manifest = session.save(code="threshold = 3\ny = f()")
    assert manifest["missing"] == []
    assert list(verdicts(manifest)) == ["f"]


def test_globals_that_functions_bind_are_taken_when_they_exist_and_not_missing_otherwise(
    session: Session,
) -> None:
    session.run(
        "n = 4\ndef tick():\n    global n, fresh\n    n += 1\n    fresh = 1\n    return fresh"
    )
    manifest = session.save(code="tick()")
    assert list(verdicts(manifest)) == ["tick", "n"]
    assert manifest["missing"] == []


def test_functions_inside_containers_closures_and_decorators_are_followed(
    session: Session,
) -> None:
    session.run(
        "import functools\na = 1; b = 2; c = 3\n"
        "def fa(): return a\ndef fb(): return b\n"
        "def deco(f):\n    @functools.wraps(f)\n    def w(): return f() + fb()\n    return w\n"
        "@deco\ndef fc(): return c\n"
        "table = {'x': [functools.partial(fa)]}\n"
    )
    manifest = session.save(code="table['x'][0]() + fc()")
    assert {"table", "fa", "a", "fc", "c", "fb", "b"} <= verdicts(manifest).keys()
    assert "deco" not in verdicts(manifest)
    session.restore("assert table['x'][0]() + fc() == 6")


def test_submodules_that_the_code_reaches_are_imported_with_their_package(
    session: Session,
) -> None:
    session.run("import xml.etree.ElementTree, xml.dom.minidom")
    manifest = session.save(code="root = xml.etree.ElementTree.fromstring(text)", exclude=["text"])
    (imported,) = manifest["imports"]
    assert imported["submodules"] == ["xml.etree", "xml.etree.ElementTree"]
    session.restore("assert xml.etree.ElementTree.fromstring('<a/>').tag == 'a'")


def test_a_secret_that_the_code_needs_is_skipped_and_said(session: Session) -> None:
    session.run("api_key = 'x'")
    assert verdicts(session.save(code="call(api_key)")) == {"api_key": "skipped"}
