"""What can go wrong with a snapshot as a whole; trouble with one object is a verdict instead."""

from __future__ import annotations


class SnapshotError(Exception):
    """A snapshot could not be saved or loaded. ``code`` is stable, the message is for people."""

    code = "snapshot_error"


class CloudpickleMissingError(SnapshotError):
    """The interpreter lacks cloudpickle, without which notebook definitions cannot travel."""

    code = "snapshot_cloudpickle_missing"

    def __init__(self) -> None:
        super().__init__(
            "snapshots need the package cloudpickle, which this Python does not have; "
            "install it for the Python that runs sessions: python -m pip install cloudpickle"
        )


class UnknownNamesError(SnapshotError):
    """Names asked for by the caller do not exist in the session."""

    code = "snapshot_unknown_names"

    def __init__(self, names: list[str]) -> None:
        self.names = names
        listed = ", ".join(names)
        super().__init__(f"no such name in the session: {listed}; define it first, or leave it out")


class CodeSyntaxError(SnapshotError):
    """The code whose needs were to be found is not plain Python."""

    code = "snapshot_code_syntax"

    def __init__(self, error: SyntaxError) -> None:
        line = (error.text or "").strip()
        where = f"line {error.lineno}" + (f" ({line})" if line else "")
        super().__init__(
            f"the code is not plain Python: {error.msg} at {where}; a service cannot run "
            "lines of IPython such as %magic or !command"
        )


class InvalidManifestError(SnapshotError):
    """A snapshot directory does not hold what its manifest says, or the manifest is not one."""

    code = "snapshot_invalid"

    def __init__(self, problem: str) -> None:
        super().__init__(f"this is not a usable snapshot: {problem}; save the session again")


class SnapshotDirectoryError(SnapshotError):
    """The directory to save into is missing or already holds something."""

    code = "snapshot_directory"


class UnsavableError(SnapshotError):
    """One object cannot be saved; ends as the verdict ``skipped`` of the name that holds it."""

    code = "snapshot_unsavable"

    def __init__(self, reason: str, culprit: object | None = None) -> None:
        self.reason = reason
        self.culprit = culprit
        super().__init__(reason)


class ObjectLoadError(SnapshotError):
    """One group of objects could not be restored; ends as the verdict ``failed`` of its names."""

    code = "snapshot_object_load"


class FileRestoreError(SnapshotError):
    """A file of the snapshot could not be written to the working directory."""

    code = "snapshot_file_restore"

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(
            f"the file {path} could not be restored: {error.strerror or error}; make room for it "
            "in the working directory and load the snapshot again"
        )
