"""The lines of a service that turn what JSON gives into the types that a function hints."""

from __future__ import annotations

# What a caller can send for a hint whose text has a format, by its conversion.
_FORMATS = {
    "datetime.date.fromisoformat": "2026-11-23",
    "datetime.datetime.fromisoformat": "2026-11-23T10:30:00",
}


def conversion_lines(name: str, conversion: str, is_none_kept: bool) -> list[str]:
    """Return Python statements after which ``name`` has its hinted type.

    ``conversion`` is what makes it, such as ``numpy.asarray``; None stays None where
    ``is_none_kept``. Modules are imported under names of their own: a function whose notebook says
    ``from datetime import datetime`` must find that class, not the module. A text that is no date
    is refused by the name of its parameter, since a caller sees nothing but this message.
    """
    module, _, attribute = conversion.partition(".")
    lines = []
    call = f"{conversion}({name})"
    if attribute:
        lines.append(f"import {module} as _{module}")
        call = f"_{module}.{attribute}({name})"
    if is_none_kept:
        call = f"None if {name} is None else {call}"
    example = _FORMATS.get(conversion)
    if example is None:
        return [*lines, f"{name} = {call}"]
    kind = conversion.rpartition(".")[0]
    reason = f"which is no {kind}; send it as ISO 8601, such as {example!r}"
    refusal = f'f"the parameter {name} is {{{name}!r}}, {reason}"'
    return [
        *lines,
        f"try:\n    {name} = {call}\n"
        f"except (TypeError, ValueError):\n    raise ValueError({refusal}) from None",
    ]
