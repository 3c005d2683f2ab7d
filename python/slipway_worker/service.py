"""One service version in Python: what it restores, and how a request runs."""

from __future__ import annotations

import ast
import importlib
import json
import sys
import traceback
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from slipway_session.snapshot import SnapshotError, load
from slipway_session.snapshot.dependencies import code_needs, function_globals
from slipway_session.snapshot.packages import distribution_versions
from slipway_session.values import from_json, to_json

from .console import Console
from .work_directory import WorkDirectory

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_encode_ascii = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().decode

CODE_NAME = "<service code>"
INIT_CODE_NAME = "<service initCode>"

_REMEDY = "Correct it and publish the service again."


@dataclass(frozen=True)
class Definition:
    """What was published."""

    label: str
    directory: str | None
    code: str
    init_code: str | None
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    output_files: tuple[str, ...]

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Definition:
        """Read the server's ``load`` message."""
        return cls(
            label=message["service"],
            directory=message["directory"],
            code=message["code"],
            init_code=message["initCode"],
            inputs=_parameters(message["inputs"]),
            outputs=_parameters(message["outputs"]),
            output_files=tuple(message["outputFileNames"]),
        )


def _parameters(definitions: Iterable[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((definition["name"], definition["type"]) for definition in definitions)


class ServiceLoadError(Exception):
    """A service cannot be brought to life; the message is for its publisher."""

    def __init__(self, message: str, ename: str = "ServiceLoadError") -> None:
        super().__init__(message)
        self.ename = ename


class Service:
    """A restored service. `load` runs once in the host, the rest in each worker."""

    def __init__(self, definition: Definition, console: Console) -> None:
        """Compile the code; raises `ServiceLoadError` naming the line of a syntax error."""
        self._definition = definition
        self._console = console
        self._code = _compile(definition.code, CODE_NAME, "code")
        self._init_code = (
            None
            if definition.init_code is None
            else _compile(definition.init_code, INIT_CODE_NAME, "initCode")
        )
        # Classes of the notebook belong to __main__, and pickle looks them up there.
        self._main = types.ModuleType("__main__")
        self._namespace = vars(self._main)
        self._fresh: dict[str, Any] = {}

    def load(self) -> list[dict[str, Any]]:
        """Restore the snapshot into the namespace and its files into the current directory.

        Returns what became of each object. Raises `ServiceLoadError` when the snapshot cannot be
        read, or when the code needs an object that did not come back.
        """
        sys.modules["__main__"] = self._main
        reports: list[dict[str, Any]] = []
        if self._definition.directory is not None:
            try:
                reports = load(self._namespace, self._definition.directory)
            except SnapshotError as error:
                raise ServiceLoadError(
                    f"The snapshot of {self._definition.label} cannot be restored: {error}",
                    type(error).__name__,
                ) from error
        self._check_needs(reports)
        for code in (self._definition.init_code, self._definition.code):
            _import_ahead(code)
        return reports

    def packages(self) -> dict[str, str]:
        """Return the versions of the distributions that are loaded."""
        modules = {name.partition(".")[0] for name in tuple(sys.modules)}
        return distribution_versions(name for name in modules if not name.startswith("_"))

    def initialise(self, directory: WorkDirectory) -> None:
        """Run ``initCode`` and take what is there now as the start of every request."""
        self._directory = directory
        if self._init_code is not None:
            try:
                exec(self._init_code, self._namespace)
            except BaseException as error:
                traceback.print_exc()
                line = _line_of(error, INIT_CODE_NAME)
                raise ServiceLoadError(
                    f"The initCode of {self._definition.label} failed{line}: "
                    f"{_describe(error)}. {_REMEDY}",
                    type(error).__name__,
                ) from error
            directory.keep_changes()
        self._fresh = dict(self._namespace)

    def answer(self, body: bytes) -> bytes:
        """Run one request: the JSON of its parameters in, the JSON of its answer out."""
        console = self._console
        console.begin()
        values: dict[str, Any] = {}
        files: dict[str, str | None] = {}
        failure = self._run(body, values)
        changed = self._directory.changed()
        if failure == "":
            for name in self._definition.output_files:
                files[name] = self._directory.read_base64(name)
        return _reply(failure, values, files, console.end(), changed)

    def reset(self) -> None:
        """Put names and files back as they were before the request.

        Raises `OSError` when files cannot be put back: the worker is then of no more use.
        """
        namespace, fresh = self._namespace, self._fresh
        # The dictionary stays the same one, because it is the globals of the service's functions.
        namespace.update(fresh)
        if len(namespace) != len(fresh):
            for name in [name for name in namespace if name not in fresh]:
                del namespace[name]
        self._directory.restore()

    def _run(self, body: bytes, values: dict[str, Any]) -> str:
        """Run the code and fill in the outputs; returns why it failed, or nothing."""
        namespace = self._namespace
        try:
            given = _decode(str(body, "utf-8"))
            for name, wire_type in self._definition.inputs:
                namespace[name] = from_json(given[name], wire_type, name)
            exec(self._code, namespace)
            for name, wire_type in self._definition.outputs:
                if name not in namespace:
                    values.clear()
                    return f'MissingOutputError: the code did not set the output "{name}"'
                values[name] = to_json(namespace[name], wire_type, name)
        except BaseException as error:
            # Code of the service may raise anything, SystemExit included, and goes on serving.
            values.clear()
            return _describe(error)
        return ""

    def _check_needs(self, reports: list[dict[str, Any]]) -> None:
        lost = {
            report["name"]: report.get("reason", "it was not saved")
            for report in reports
            if report["verdict"] in ("failed", "skipped")
        }
        if not lost:
            return
        needed = sorted(lost.keys() & self._needed_names())
        if needed:
            reasons = "; ".join(f"{name}: {lost[name]}" for name in needed)
            raise ServiceLoadError(
                f"{self._definition.label} needs what its snapshot cannot restore. {reasons}.",
                "SnapshotObjectError",
            )

    def _needed_names(self) -> set[str]:
        """Return the names that the code reads, directly or through functions of the snapshot."""
        first = code_needs(self._definition.init_code or "")
        given = {name for name, _ in self._definition.inputs} | first.assigned
        pending = first.names | code_needs(self._definition.code, given).names
        found: set[str] = set()
        while pending:
            name = pending.pop()
            found.add(name)
            pending |= set(_globals_of(self._namespace.get(name))) - found
        return found


def _compile(source: str, file_name: str, field: str) -> types.CodeType:
    try:
        return compile(source, file_name, "exec", dont_inherit=True)
    except SyntaxError as error:
        text = (error.text or "").strip()
        shown = f": {text[:200]}" if text else ""
        line = "" if error.lineno is None else f" in line {error.lineno}"
        raise ServiceLoadError(
            f"The {field} has a syntax error{line}: {error.msg}{shown}. {_REMEDY}",
            "SyntaxError",
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        # The last two come of expressions that are nested too deeply for the parser.
        raise ServiceLoadError(
            f"The {field} is not Python source: {_describe(error)}. {_REMEDY}",
            type(error).__name__,
        ) from error


def _import_ahead(source: str | None) -> None:
    """Run the imports that a code begins with, once in the host instead of in each worker.

    Imports after any other statement may depend on it. One that fails is left to the code itself.
    """
    for module in _leading_imports(source or ""):
        try:
            importlib.import_module(module)
        except Exception:
            print(f"{module} could not be imported ahead:", file=sys.stderr)
            traceback.print_exc()


def _leading_imports(source: str) -> Iterator[str]:
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            yield statement.module
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            return


def _globals_of(value: object) -> frozenset[str]:
    if isinstance(value, types.FunctionType):
        return function_globals(value.__code__)
    if isinstance(value, type):
        members = (_globals_of(member) for member in vars(value).values())
        return frozenset().union(*members)
    return frozenset()


def _describe(error: BaseException) -> str:
    name = type(error).__name__
    try:
        text = str(error)
    except Exception as failure:
        return f"{name} (its text failed with {type(failure).__name__})"
    return f"{name}: {text}" if text else name


def _line_of(error: BaseException, file_name: str) -> str:
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == file_name
    ]
    return f" in line {lines[-1]}" if lines else ""


def _reply(
    failure: str,
    values: dict[str, Any],
    files: dict[str, str | None],
    console: str,
    changed: list[str],
) -> bytes:
    """Return the answer's JSON, its keys in the order of the wire."""
    answer = {
        "success": failure == "",
        "errorMessage": failure,
        "outputParameters": values,
        "outputFiles": files,
        "consoleOutput": console,
        "changedFiles": changed,
    }
    try:
        return _encode(answer).encode("utf-8")
    except UnicodeEncodeError:
        # Half a surrogate pair has no UTF-8; as an escape it is JSON all the same.
        return _encode_ascii(answer).encode("ascii")
