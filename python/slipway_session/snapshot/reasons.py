"""What an exception says, as the reason next to a name that did not come along or back."""

from __future__ import annotations

import re

_LONGEST = 300
"""Characters that a reason has at most: the first line of some exceptions shows all their data."""

_PLACE = re.compile(
    # As in: Can't get attribute 'X' on <module 'numpy' from '/usr/lib/.../numpy/__init__.py'>
    r"(?<=') from '[^']*'(?=>)"
    # As in: cannot import name 'X' from 'numpy' (/usr/lib/.../numpy/__init__.py)
    r"| \((?:/|[A-Za-z]:[\\/])[^()]*\)"
)
"""Where Python's own messages say that a module lies, which a caller far away is not told."""


def text_of(error: BaseException) -> str:
    """Return the first line of what an exception says, without the places of modules."""
    first = str(error).strip().split("\n", 1)[0]
    return _PLACE.sub("", first)[:_LONGEST]
