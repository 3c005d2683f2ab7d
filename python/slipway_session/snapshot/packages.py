"""Which installed distributions the saved objects come from, and at which versions."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
import sysconfig
from collections.abc import Iterable
from importlib import metadata

from .errors import CloudpickleMissingError


def distribution_versions(modules: Iterable[str]) -> dict[str, str]:
    """Map the distributions of top-level modules to their versions.

    Modules of the standard library and of the working directory have none and are left out.
    """
    versions = {}
    for module in sorted(set(modules) - {""}):
        found = _distribution(module)
        if found is not None:
            versions[found[0]] = found[1]
    return versions


def require_cloudpickle() -> None:
    """Raise `CloudpickleMissingError` when the interpreter has no cloudpickle."""
    try:
        importlib.import_module("cloudpickle")
    except ImportError as error:
        raise CloudpickleMissingError from error


def installed_version(distribution: str) -> str | None:
    """Return the version of a distribution in this interpreter, or None when it is absent."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


@functools.lru_cache(maxsize=1024)
def _distribution(module: str) -> tuple[str, str] | None:
    if _is_standard(module) or module in ("__main__", "slipway_session", "slipway_worker"):
        return None
    try:
        found = metadata.distribution(module)
    except metadata.PackageNotFoundError:
        # Only names that differ (sklearn, PIL) pay for reading what every distribution provides.
        names = _providers().get(module, [])
        return (names[0], metadata.version(names[0])) if names else None
    return found.metadata["Name"], found.version


def _is_standard(module: str) -> bool:
    if sys.version_info >= (3, 10):
        return module in sys.stdlib_module_names
    if module in sys.builtin_module_names:
        return True
    spec = importlib.util.find_spec(module)
    origin = spec.origin if spec is not None and spec.origin else ""
    return origin.startswith(sysconfig.get_path("stdlib")) and "site-packages" not in origin


@functools.lru_cache(maxsize=1)
def _providers() -> dict[str, list[str]]:
    """Map top-level modules to the distributions that provide them."""
    if sys.version_info >= (3, 10):
        return dict(metadata.packages_distributions())
    providers: dict[str, list[str]] = {}
    for distribution in metadata.distributions():
        listed = distribution.read_text("top_level.txt")
        modules = set((listed or "").split()) or {
            path.parts[0].partition(".")[0]
            for path in distribution.files or []
            if path.suffix == ".py"
        }
        for module in modules:
            providers.setdefault(module, []).append(distribution.metadata["Name"])
    return providers
