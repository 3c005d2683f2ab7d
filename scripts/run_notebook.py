"""Runs a notebook without a browser and prints each result as it comes.

``npm start -- --run`` calls it; a failing cell ends it with exit code 1. The notebook on disk is
left as it is. A notebook whose metadata names a service (``slipway.service``, and an example
request in ``slipway.request``) gets its URL and a ready curl line printed at the end.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert.preprocessors import ExecutePreprocessor

RICH_ONLY = "(no text form; open the notebook in JupyterLab to see it: {types})"


class PrintingExecutor(ExecutePreprocessor):
    """Executes cells as nbconvert does and prints source and outputs while it does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.cell_count = 0
        self.on_cell_start = self._print_source

    def _print_source(self, cell: nbformat.NotebookNode, cell_index: int) -> None:
        if cell.cell_type != "code":
            return
        self.cell_count += 1
        lines = cell.source.rstrip().splitlines() or [""]
        print(f"\n[{self.cell_count}] " + "\n    ".join(lines), flush=True)

    def process_message(
        self, msg: dict[str, Any], cell: nbformat.NotebookNode, cell_index: int
    ) -> Any:
        """Prints what an IOPub message shows, then lets nbclient record it."""
        text = message_text(msg)
        if text:
            print(text, end="" if text.endswith("\n") else "\n", flush=True)
        return super().process_message(msg, cell, cell_index)


def message_text(msg: dict[str, Any]) -> str | None:
    """What a terminal shows of one IOPub message; None when there is nothing to show."""
    content = msg["content"]
    kind = msg["msg_type"]
    if kind == "stream":
        return str(content["text"])
    if kind in ("execute_result", "display_data", "update_display_data"):
        data = content["data"]
        return str(data.get("text/plain") or RICH_ONLY.format(types=", ".join(data)))
    if kind == "error":
        return "\n".join(content["traceback"]) or f"{content['ename']}: {content['evalue']}"
    return None


def closing_lines(metadata: dict[str, Any], server: str) -> str | None:
    """The service's URL and how to call it with curl, for a notebook that says which it made."""
    about = metadata.get("slipway", {})
    if "service" not in about:
        return None
    url = f"{server.rstrip('/')}/api/{about['service']}"
    body = json.dumps(about.get("request", {}), separators=(",", ":"))
    call = (
        ".venv/bin/slipway token --header | curl -s -H @- -H 'Content-Type: application/json'"
        f" -d {shlex.quote(body)} {url}"
    )
    return f"The service: {url}\nCall it:     {call}"


def main() -> int:
    """Runs the notebook named on the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--server", required=True, help="base URL of the server in use")
    options = parser.parse_args()

    notebook = nbformat.read(options.notebook, as_version=4)
    executor = PrintingExecutor(timeout=None, startup_timeout=60, kernel_name="")
    started = time.monotonic()
    try:
        executor.preprocess(notebook, {"metadata": {"path": str(options.notebook.parent)}})
    except CellExecutionError as error:
        print(
            f"\nCell {executor.cell_count} failed: {error.ename}: {error.evalue}", file=sys.stderr
        )
        return 1
    except DeadKernelError as error:
        print(f"\nThe kernel died in cell {executor.cell_count}: {error}", file=sys.stderr)
        return 1
    print(f"\n{executor.cell_count} cells ran in {time.monotonic() - started:.1f} s")
    closing = closing_lines(notebook.metadata, options.server)
    if closing:
        print(closing)
    return 0


if __name__ == "__main__":
    sys.exit(main())
