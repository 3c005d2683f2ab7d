"""What the kernel completes from while the interpreter is busy: names, and what they have."""

from __future__ import annotations

from typing import Any

from live_session import LiveSession


def members_of(answer: dict[str, Any], name: str) -> list[str]:
    return answer["members"][answer["names"][name]["members"]]


def test_names_are_told_with_what_they_are_and_what_they_have(live: LiveSession) -> None:
    live.run(
        "import math\n"
        "class Model:\n"
        "    rate = 1\n"
        "    def fit(self): pass\n"
        "model = Model()\n"
        "def train(): pass\n"
        "_hidden = 1"
    )

    answer = live.ask_on_control("known_names")

    kinds = {name: entry["kind"] for name, entry in answer["names"].items()}
    assert kinds["math"] == "module"
    assert kinds["Model"] == "class"
    assert kinds["model"] == "instance"
    assert kinds["train"] == "function"
    assert "_hidden" not in kinds
    assert {"sqrt", "pi"} <= set(members_of(answer, "math"))
    assert members_of(answer, "model") == members_of(answer, "Model") == ["fit", "rate"]
    assert "print" in answer["members"]["module builtins"]
    assert "lambda" in answer["keywords"]


def test_what_the_caller_has_is_left_out(live: LiveSession) -> None:
    live.run("import json, math")
    known = ["module builtins", "module json"]

    members = live.ask_on_control("known_names", known=known)["members"]

    assert "module math" in members
    assert not set(known) & set(members)


def test_a_class_that_is_defined_again_is_another(live: LiveSession) -> None:
    live.run("class Again:\n    first = 1")
    first = live.ask_on_control("known_names")["names"]["Again"]["members"]
    live.run("class Again:\n    second = 2")

    answer = live.ask_on_control("known_names", known=[first])

    assert members_of(answer, "Again") == ["second"]


def test_no_code_of_the_user_runs(live: LiveSession) -> None:
    live.run(
        "class Meta(type):\n"
        "    def __getattribute__(cls, name): raise RuntimeError(name)\n"
        "    def __dir__(cls): raise RuntimeError('dir')\n"
        "class Nasty(metaclass=Meta):\n"
        "    def __getattribute__(self, name): raise RuntimeError(name)\n"
        "    def __dir__(self): raise RuntimeError('dir')\n"
        "    member = 1\n"
        "nasty = Nasty()"
    )

    answer = live.ask_on_control("known_names")

    assert members_of(answer, "nasty") == ["member"]


def test_they_are_told_while_a_cell_runs(live: LiveSession) -> None:
    msg_id = live.start(
        "import threading\nduring = 1\nprint('running', flush=True)\nthreading.Event().wait()"
    )
    live.wait_for_output("running")

    assert "during" in live.ask_on_control("known_names")["names"]

    live.manager.interrupt_kernel()
    assert live.reply_to(msg_id)["content"]["ename"] == "KeyboardInterrupt"
