"""What is sent to a session of R Server runs on the Python that such servers have."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import vermin
from plain_session import PACKAGE

MODULES = sorted(PACKAGE.glob("*.py"))
TRAILING_COMMA = re.compile(r"\*\w+(?:: [\w\[\], ]+)?,\s*\)\s*(?:->|:)")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_is_written_in_the_syntax_of_python_3_5(module: Path) -> None:
    tree = ast.parse(module.read_text("utf-8"), feature_version=(3, 5))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr)
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, newer)] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_has_no_comma_after_the_last_starred_parameter(module: Path) -> None:
    # Python 3.6 was the first to take it, which no tree tells.
    assert TRAILING_COMMA.findall(module.read_text("utf-8")) == []
    assert TRAILING_COMMA.search("def f(\n    a,\n    **b: Any,\n) -> None:")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_uses_nothing_of_the_library_that_came_after_python_3_5(module: Path) -> None:
    config = vermin.Config()
    assert vermin.visit(module.read_text("utf-8"), config).minimum_versions()[1] <= (3, 5)


def test_newer_things_would_be_found() -> None:
    config = vermin.Config()
    newer = vermin.visit("import secrets", config).minimum_versions()[1]
    assert newer > (3, 5)
