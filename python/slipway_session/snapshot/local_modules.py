"""Modules that exist only in the working directory of a session."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def is_local(module_name: str, workdir: Path) -> bool:
    """Tell whether a loaded module comes from the working directory."""
    file = getattr(sys.modules.get(module_name), "__file__", None)
    if not isinstance(file, str):
        return False
    path = Path(os.path.realpath(file))
    return path.is_relative_to(workdir) and "site-packages" not in path.parts


@contextmanager
def local_modules_by_value(workdir: Path) -> Iterator[None]:
    """Let cloudpickle save the modules of the working directory by value meanwhile.

    For a snapshot without files: there would be nothing to import them from.
    """
    import cloudpickle

    registered = cloudpickle.list_registry_pickle_by_value()
    local = [
        module
        for name, module in list(sys.modules.items())
        if name != "__main__" and name not in registered and is_local(name, workdir)
    ]
    for module in local:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in local:
            cloudpickle.unregister_pickle_by_value(module)
