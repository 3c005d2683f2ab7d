"""Jupyter's own kernel tests (jupyter_kernel_test), every part of them that applies.

With ``SLIPWAY_KERNEL_TEST_RUNS=50`` each class runs 50 times, every time with a kernel, a server
and sessions of its own, and without a retry: what fails once in a while fails here.
"""

from __future__ import annotations

import os
import sys
import unittest
from typing import Any, TypeVar

import jupyter_kernel_test
from slipway_environment import SlipwayEnvironment

Case = TypeVar("Case", bound=type[unittest.TestCase])
RUNS = int(os.environ.get("SLIPWAY_KERNEL_TEST_RUNS", "1"))


def repeated(case: Case) -> Case:
    """Add the further runs of a class of tests to this module, as subclasses of it."""
    for run in range(2, RUNS + 1):
        name = f"{case.__name__}Run{run}"
        setattr(sys.modules[__name__], name, type(name, (case,), {"__module__": __name__}))
    return case


@repeated
class SlipwayKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "slipway"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = [
        {"text": "zi", "matches": {"zip"}},
        {"text": "isinstan", "matches": {"isinstance"}},
    ]
    complete_code_samples = ["1", "print('hello, world')", "def f(x):\n  return x*2\n\n\n"]
    incomplete_code_samples = ["print('''hello", "def f(x):\n  x*2"]
    invalid_code_samples = ["import = 7q"]
    code_page_something = "zip?"
    code_generate_error = "raise ValueError('on purpose')"
    code_execute_result = [
        {"code": "1+2+3", "result": "6"},
        {"code": "[n*n for n in range(1, 4)]", "result": "[1, 4, 9]"},
    ]
    code_display_data = [
        {
            "code": "from IPython.display import HTML, display; display(HTML('<b>x</b>'))",
            "mime": "text/html",
        },
        {
            "code": "from IPython.display import Math, display; display(Math('x^2'))",
            "mime": "text/latex",
        },
    ]
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(SlipwayEnvironment())
        super().setUpClass()

    def history_helper(
        self, execute_first: list[str], timeout: float | None = 15, **request: Any
    ) -> dict[str, Any]:
        reply = super().history_helper(execute_first, timeout=timeout, **request)
        # IPython calls the current session 0 in a range, where the test expects its number.
        if request["hist_access_type"] == "range":
            entries = reply["content"]["history"]
            reply["content"]["history"] = [[request["session"], *entry[1:]] for entry in entries]
        return reply


@repeated
class SlipwayMagicKernelTests(SlipwayKernelTests):
    """The same, where a magic of ours is what shows, fails and opens the pager."""

    code_page_something = "%publish?"
    code_generate_error = "%session nonsense"
    code_display_data = [
        {"code": "%help", "mime": "text/html"},
        {"code": "x = 1\n%status", "mime": "text/plain"},
    ]


@repeated
class SlipwayPlainKernelTests(SlipwayKernelTests):
    """The same on a server that has only the API of R Server 9.1."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(SlipwayEnvironment(api="9.1"))
        super(SlipwayKernelTests, cls).setUpClass()


@repeated
class SlipwayWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "slipway"
    support_iopub_welcome = True

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(SlipwayEnvironment())
        super().setUpClass()


if __name__ == "__main__":
    unittest.main()
