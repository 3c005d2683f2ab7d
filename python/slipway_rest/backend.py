"""A backend of matplotlib's for sessions without IPython: Agg, whose ``show`` shows."""

from typing import Any

from matplotlib.backends.backend_agg import *  # noqa: F403

from .figures import show_figures


def show(*arguments: Any, **options: Any) -> None:
    """What ``pyplot.show()`` calls."""
    show_figures()
