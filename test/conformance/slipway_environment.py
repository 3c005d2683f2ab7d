"""A Jupyter world of a test's own: a kernelspec of ours, a server, nothing of the user's."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "node_modules/node/bin/node"
SLIPWAY = [str(NODE), str(ROOT / "dist/src/cli/main.js")]


class SlipwayEnvironment:
    """A kernelspec and a server of the tests' own, for a class of tests."""

    def __init__(self, api: str | None = None) -> None:
        # The server is started by the kernel, unless it has to have another API.
        self._api = api
        self._server: subprocess.Popen[bytes] | None = None

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
        if self._api is not None:
            arguments = ["server", "run", "--embedded", "--api", self._api]
            self._server = subprocess.Popen([*SLIPWAY, *arguments], stdout=subprocess.DEVNULL)
            while not Path(f"{base}/home/runtime.json").exists():
                assert self._server.poll() is None, "the server did not start"
                time.sleep(0.05)

    def __exit__(self, *exception: object) -> None:
        subprocess.run([*SLIPWAY, "server", "stop"], check=False)
        if self._server is not None:
            self._server.wait(10)
        self._environment.stop()
        self._directory.cleanup()
