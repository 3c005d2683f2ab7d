"""The inputs and the output of a function, from its hints, its defaults and its body."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from ..errors import NotPublishableError
from ..values import OutputValueError, to_json
from .body import returned_type, returns_value, used_type
from .conversions import conversion_lines
from .hints import Hint, UnsupportedHintError, annotated_name, read_hint, type_of_value
from .publishable import publishable_function
from .source import function_definition, function_source

_EMPTY = inspect.Parameter.empty
# What a parameter or result is taken for when nothing tells: a vector lets scalars through.
_ASSUMED = "vector"
_HINTS_TO_USE = (
    "int, float, str, bool, list, datetime.date, datetime.datetime, numpy.ndarray or "
    "pandas.DataFrame"
)


@dataclass(frozen=True)
class Parameter:
    """An input. ``default`` is JSON, None where there is none or JSON cannot carry it.

    ``origin`` says what its type was taken from: its "hint", its "default", how the "body" uses it,
    or "nothing".
    """

    name: str
    type: str
    annotation: str | None
    optional: bool
    default: Any
    inferred: bool
    origin: str


@dataclass(frozen=True)
class Output:
    """What the function returns; ``origin`` as of a `Parameter`."""

    name: str
    type: str
    inferred: bool
    origin: str


@dataclass(frozen=True)
class FunctionDescription:
    """A function that ``name(<parameters in order>)`` calls once ``source`` has run.

    ``kept`` names the parameters that are no inputs and keep their defaults, such as a model.
    """

    name: str
    source: str
    doc: str | None
    parameters: list[Parameter]
    output: Output
    kept: list[str]


def describe_function(
    value: Any, expression: str, namespace: Mapping[str, Any]
) -> FunctionDescription:
    """Describe the function ``value``, which ``expression`` stands for in the session.

    ``namespace`` holds the global names of the session. Inputs are the parameters that a caller can
    give as JSON; those with another default, such as a model, keep it. Types come from the hints;
    without one from the default, then from how the body uses the name, and are marked ``inferred``.
    Raises `NotPublishableError`, whose text says why and what to change.
    """
    function = publishable_function(value, expression)
    definition = function_definition(function)
    hints = _resolved_hints(function)
    inputs = _Inputs(function, definition, hints)
    return FunctionDescription(
        name=function.__name__,
        source=function_source(value, function, namespace, inputs.conversions),
        doc=inspect.getdoc(function),
        parameters=inputs.parameters,
        output=_output(function, definition, hints.get("return")),
        kept=inputs.kept,
    )


class _Inputs:
    """The parameters of a function, and the lines that turn JSON's values into hinted types."""

    def __init__(
        self, function: FunctionType, definition: ast.FunctionDef, hints: Mapping[str, Any]
    ) -> None:
        self._function = function
        self._definition = definition
        self._hints = hints
        self.parameters: list[Parameter] = []
        self.conversions: list[str] = []
        self.kept: list[str] = []
        for parameter in inspect.signature(function).parameters.values():
            self._require_positional(parameter)
            if self._keeps_default(parameter):
                self.kept.append(parameter.name)
                continue
            if self.kept:
                raise NotPublishableError(
                    f"the parameter {self.kept[-1]} of {function.__name__} has a default that no "
                    f"caller can send, and stands before {parameter.name}; move it to the end"
                )
            self._add(parameter)

    def _require_positional(self, parameter: inspect.Parameter) -> None:
        name = self._function.__name__
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise NotPublishableError(
                f"{name} takes {parameter}, and the inputs of a service have names; write each as "
                "a parameter"
            )
        if parameter.kind is parameter.KEYWORD_ONLY:
            raise NotPublishableError(
                f"{name} takes {parameter.name} by keyword only, and a service passes its inputs "
                "in order; remove the * from its parameters"
            )

    def _keeps_default(self, parameter: inspect.Parameter) -> bool:
        """Tell whether a parameter is no input: its default is a model, a function or the like."""
        if parameter.default is _EMPTY or parameter.default is None:
            return False
        return type_of_value(parameter.default) is None

    def _add(self, parameter: inspect.Parameter) -> None:
        name = parameter.name
        has_default = parameter.default is not _EMPTY
        hint = self._hint(parameter)
        if hint is not None:
            wire_type, inferred, origin = hint.wire_type, hint.is_ambiguous, "hint"
            if hint.conversion is not None:
                is_none_kept = hint.is_optional or has_default
                self.conversions.extend(conversion_lines(name, hint.conversion, is_none_kept))
        else:
            default_type = type_of_value(parameter.default) if has_default else None
            body_type = used_type(self._definition, name)
            wire_type, inferred = default_type or body_type or _ASSUMED, True
            origin = "default" if default_type else "body" if body_type else "nothing"
        self.parameters.append(
            Parameter(
                name=name,
                type=wire_type,
                annotation=_annotation_text(parameter.annotation),
                optional=has_default or (hint is not None and hint.is_optional),
                default=_json_default(parameter.default) if has_default else None,
                inferred=inferred,
                origin=origin,
            )
        )

    def _hint(self, parameter: inspect.Parameter) -> Hint | None:
        try:
            return read_hint(self._hints.get(parameter.name))
        except UnsupportedHintError as error:
            raise NotPublishableError(
                f"the parameter {parameter.name} of {self._function.__name__} is hinted {error}, "
                f"which cannot be sent as JSON; use {_HINTS_TO_USE}"
            ) from None


def _output(function: FunctionType, definition: ast.FunctionDef, annotation: Any) -> Output:
    name = function.__name__
    if annotation is type(None) or not returns_value(definition):
        raise NotPublishableError(f"{name} returns nothing; return what callers shall get")
    try:
        hint = read_hint(annotation, is_output=True)
    except UnsupportedHintError as error:
        raise NotPublishableError(
            f"{name} is hinted to return {error}, which cannot be sent as JSON; use {_HINTS_TO_USE}"
        ) from None
    output_name = annotated_name(annotation) or _free_name(function)
    if hint is None:
        body_type = returned_type(definition)
        return Output(output_name, body_type or _ASSUMED, True, "body" if body_type else "nothing")
    return Output(output_name, hint.wire_type, hint.is_ambiguous, "hint")


def _free_name(function: FunctionType) -> str:
    """Return ``result``, or what is like it and neither a parameter nor the function."""
    taken = {function.__name__, *inspect.signature(function).parameters}
    name = "result"
    while name in taken:
        name += "_"
    return name


def _resolved_hints(function: FunctionType) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:
        # A hint in quotes that names nothing known; those that are objects still count.
        raw = inspect.signature(function)
        hints = {name: parameter.annotation for name, parameter in raw.parameters.items()}
        hints["return"] = raw.return_annotation
        return {
            name: hint
            for name, hint in hints.items()
            if hint is not _EMPTY and not isinstance(hint, str)
        }


def _annotation_text(annotation: Any) -> str | None:
    if annotation is _EMPTY:
        return None
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _json_default(default: Any) -> Any:
    try:
        return to_json(default)
    except OutputValueError:
        return None
