"""Jupyter's own kernel tests (jupyter_kernel_test), every part of them that applies."""

from __future__ import annotations

import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import jupyter_kernel_test

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "node_modules/node/bin/node"
SLIPWAY = [str(NODE), str(ROOT / "dist/src/cli/main.js")]


class SlipwayEnvironment:
    """A kernelspec and a server of the tests' own, for a class of tests."""

    def __enter__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="slipway-jkt-")
        base = self._directory.name
        python = os.environ.get("SLIPWAY_PYTHON", str(ROOT / ".venv/bin/python"))
        self._environment = mock.patch.dict(
            os.environ,
            {
                "SLIPWAY_HOME": f"{base}/home",
                "SLIPWAY_PORT": "0",
                "SLIPWAY_PYTHON": python,
                "SLIPWAY_URL": "",
                "SLIPWAY_TOKEN": "",
                "JUPYTER_PATH": f"{base}/share/jupyter",
                "JUPYTER_RUNTIME_DIR": f"{base}/runtime",
                "IPYTHONDIR": f"{base}/ipython",
            },
        )
        self._environment.start()
        os.mkdir(f"{base}/home", 0o700)
        subprocess.run([*SLIPWAY, "kernel", "install", "--prefix", base], check=True)

    def __exit__(self, *exception: object) -> None:
        subprocess.run([*SLIPWAY, "server", "stop"], check=False)
        self._environment.stop()
        self._directory.cleanup()


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


class SlipwayMagicKernelTests(SlipwayKernelTests):
    """The same, where a magic of ours is what shows, fails and opens the pager."""

    code_page_something = "%publish?"
    code_generate_error = "%session nonsense"
    code_display_data = [
        {"code": "%help", "mime": "text/html"},
        {"code": "x = 1\n%status", "mime": "text/plain"},
    ]


class SlipwayWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "slipway"
    support_iopub_welcome = True

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(SlipwayEnvironment())
        super().setUpClass()


if __name__ == "__main__":
    unittest.main()
