"""Reasons come from Python's own messages, which say where a module lies; a caller is not told."""

from __future__ import annotations

import json
import pickle

import pytest
from slipway_session.snapshot.reasons import text_of


def test_an_attribute_that_a_module_lacks_is_named_without_its_file() -> None:
    with pytest.raises(AttributeError) as raised:
        pickle.loads(b"cjson\nabsent\n.")
    assert str(json.__file__) in str(raised.value)
    assert text_of(raised.value) == "Can't get attribute 'absent' on <module 'json'>"


def test_a_name_that_cannot_be_imported_is_named_without_its_file() -> None:
    with pytest.raises(ImportError) as raised:
        exec("from json import absent")
    assert str(json.__file__) in str(raised.value)
    assert text_of(raised.value) == "cannot import name 'absent' from 'json'"


def test_only_the_first_line_is_told_and_what_stands_in_brackets_stays() -> None:
    assert text_of(ValueError("2 rows (of 3)\nand all of them")) == "2 rows (of 3)"
    assert len(text_of(ValueError("x" * 1000))) == 300
