"""Names that come back by an import, and what has to be imported with them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Set
from typing import Any

from .manifest import ImportEntry
from .packages import distribution_versions
from .reasons import text_of

_DEEPEST = 2
# Packages with more import what lies deeper by themselves.
_MOST_SUBMODULES = 64


def import_entry(
    name: str, module: str, attribute: str | None, mentioned: Set[str] | None
) -> ImportEntry:
    """Describe the import that brings a name back.

    ``mentioned`` are the attribute names in the code that will run: only submodules that it can
    reach are noted. None when that code is not known, as in a whole session.
    """
    package = next(iter(distribution_versions([module.partition(".")[0]])), None)
    submodules = [] if attribute is not None else _loaded_submodules(module, mentioned)
    return {
        "name": name,
        "module": module,
        "attribute": attribute,
        "submodules": submodules,
        "package": package,
    }


def run_import(entry: ImportEntry) -> tuple[Any, str | None]:
    """Import what an entry describes; return the value and a remark about submodules, if any.

    Raises ImportError or AttributeError when the module or its attribute is not there, and
    whatever the module's own code raises.
    """
    value: Any = importlib.import_module(entry["module"])
    remark = None
    for submodule in entry["submodules"]:
        try:
            importlib.import_module(submodule)
        except ImportError as error:
            remark = f"{submodule} could not be imported: {text_of(error)}"
    for part in (entry["attribute"] or "").split("."):
        value = getattr(value, part) if part else value
    return value, remark


def _loaded_submodules(module: str, mentioned: Set[str] | None) -> list[str]:
    prefix = module + "."
    found = []
    for name, loaded in list(sys.modules.items()):
        if not name.startswith(prefix) or getattr(loaded, "__spec__", None) is None:
            continue
        parts = name[len(prefix) :].split(".")
        public = all(part.isidentifier() and not part.startswith("_") for part in parts)
        if public and len(parts) <= _DEEPEST and (mentioned is None or mentioned >= set(parts)):
            found.append(name)
    if len(found) > _MOST_SUBMODULES:
        found = [name for name in found if "." not in name[len(prefix) :]]
    return sorted(found)
