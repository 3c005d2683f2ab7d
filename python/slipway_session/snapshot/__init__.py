"""Snapshots of a session: its workspace and its files, saved object by object.

`save` writes a namespace and the working directory into a directory and says of every name what
became of it; `load` brings them back, into this process or another. One object that cannot be
saved never spoils the rest. The layout of the directory is described in ``manifest.py``.
"""

from .dependencies import code_needs, function_globals
from .errors import (
    CloudpickleMissingError,
    CodeSyntaxError,
    FileRestoreError,
    InvalidManifestError,
    SnapshotDirectoryError,
    SnapshotError,
    UnknownNamesError,
)
from .fingerprints import fingerprint
from .load import load
from .manifest import read_manifest
from .packages import distribution_versions
from .save import save

__all__ = [
    "CloudpickleMissingError",
    "CodeSyntaxError",
    "FileRestoreError",
    "InvalidManifestError",
    "SnapshotDirectoryError",
    "SnapshotError",
    "UnknownNamesError",
    "code_needs",
    "distribution_versions",
    "fingerprint",
    "function_globals",
    "load",
    "read_manifest",
    "save",
]
