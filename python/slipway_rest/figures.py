"""Plots of matplotlib: shown below the cell that drew them, and closed."""

import io
import os
import sys
from typing import Any  # noqa: F401 - it is in a comment

BACKEND = "module://slipway_rest.backend"
_SHOWN_HERE = (BACKEND, "agg")

# Who publishes: set for as long as a cell runs.
console = None  # type: Any


def prepare() -> None:
    """Make matplotlib draw into memory, and ``show`` show, unless it has a backend."""
    if "matplotlib" not in sys.modules:
        os.environ.setdefault("MPLBACKEND", BACKEND)


def show_figures() -> None:
    """Publish the open figures as PNG and close them, unless another backend shows them."""
    pyplot = sys.modules.get("matplotlib.pyplot")  # type: Any
    if pyplot is None or console is None or pyplot.get_backend().lower() not in _SHOWN_HERE:
        return
    for number in pyplot.get_fignums():
        figure = pyplot.figure(number)
        png = io.BytesIO()
        figure.savefig(png, format="png", bbox_inches="tight")
        data = {"image/png": png.getvalue(), "text/plain": repr(figure)}
        console.message("display_data", {"data": data, "metadata": {}, "transient": {}})
    pyplot.close("all")
