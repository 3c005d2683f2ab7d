"""Fingerprints: equal for an object and its faithful copy in another process.

They are for finding what came back different, not for security. Large objects are sampled, and of
types that save themselves in their own way only the type counts, since they may leave out caches.
"""

from __future__ import annotations

import enum
import hashlib
import sys
import types
from typing import Any

_MOST_PARTS = 20_000
_SAMPLE = 16_384
_ROW_SAMPLE = 256
_MOST_SET_ITEMS = 2_000

_SAVING_HOOKS = (
    "__getstate__",
    "__reduce__",
    "__reduce_ex__",
    "__getnewargs__",
    "__getnewargs_ex__",
    "__setstate__",
)


def fingerprint(obj: Any) -> str:
    """Return 32 hexadecimal digits that stand for the content of ``obj``.

    The same in every process of one Python minor version. Takes milliseconds whatever the size.
    """
    walk = _Walk()
    walk.add(obj)
    return walk.digest.hexdigest()


class _Walk:
    def __init__(self) -> None:
        self.digest = hashlib.blake2b(digest_size=16)
        self._left = _MOST_PARTS
        self._seen: dict[int, int] = {}
        self._alive: list[Any] = []

    def add(self, obj: Any) -> None:
        """Take ``obj`` and what it holds into the digest."""
        if self._left <= 0:
            return
        self._left -= 1
        kind = type(obj)
        if obj is None or kind in (bool, int, float, complex):
            self._note(kind.__name__, repr(obj))
        elif kind in (str, bytes, bytearray):
            self._note(kind.__name__, len(obj), _ends(obj))
        elif kind in (tuple, frozenset):
            # Whether equal ones are one object is up to the interpreter; cycles pass elsewhere.
            self._add_structure(obj, kind)
        elif id(obj) in self._seen:
            self._note("again", self._seen[id(obj)])
        else:
            self._seen[id(obj)] = len(self._seen)
            self._alive.append(obj)
            self._add_structure(obj, kind)

    def _add_structure(self, obj: Any, kind: type) -> None:
        numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
        if kind in (list, tuple):
            self._note(kind.__name__, len(obj))
            self._each(obj)
        elif kind is dict:
            self._note("dict", len(obj))
            for key, value in obj.items():
                if self._left <= 0:
                    break
                self.add(key)
                self.add(value)
        elif kind in (set, frozenset):
            self._note(kind.__name__, len(obj))
            if len(obj) <= _MOST_SET_ITEMS:
                self._note(*sorted(fingerprint(item) for item in obj))
        elif isinstance(obj, types.FunctionType):
            self._add_function(obj)
        elif isinstance(obj, (type, types.ModuleType, types.BuiltinFunctionType)):
            self._note("named", getattr(obj, "__module__", ""), obj.__name__)
            if isinstance(obj, type) and obj.__module__ == "__main__":
                self._note(*sorted(name for name in vars(obj) if not name.startswith("_")))
        elif isinstance(obj, enum.Enum):
            self._note("enum", kind.__qualname__, obj.name)
        elif numpy is not None and isinstance(obj, (numpy.ndarray, numpy.generic)):
            self._add_array(numpy.asarray(obj))
        elif pandas is not None and isinstance(obj, (pandas.DataFrame, pandas.Series)):
            self._add_frame(obj)
        else:
            self._add_instance(obj, kind)

    def _add_array(self, array: Any) -> None:
        self._note("array", array.dtype.str, array.shape)
        size = array.size
        step = max(1, size // _SAMPLE)
        sample = array.flat[0:size:step] if size else array
        if array.dtype.hasobject:
            self._each(sample[:_ROW_SAMPLE])
        else:
            self.digest.update(sample.tobytes())

    def _add_frame(self, frame: Any) -> None:
        self._note(type(frame).__name__, frame.shape)
        rows = len(frame)
        sample = frame.iloc[:: max(1, rows // _ROW_SAMPLE)] if rows else frame
        columns = (
            [sample] if sample.ndim == 1 else [sample.iloc[:, i] for i in range(frame.shape[1])]
        )
        for column in columns:
            self._note(str(column.name), str(column.dtype))
            self._note(*map(repr, column.tolist()) if column.dtype != object else ())
        self._note(*map(repr, sample.index.tolist()))

    def _add_function(self, function: types.FunctionType) -> None:
        self._note("function", function.__module__, function.__qualname__)
        if function.__module__ == "__main__":
            self._add_code(function.__code__)
            self.add(function.__defaults__)
            self.add(function.__kwdefaults__)
            for cell in function.__closure__ or ():
                try:
                    self.add(cell.cell_contents)
                except ValueError:
                    self._note("empty cell")

    def _add_code(self, code: types.CodeType) -> None:
        self.digest.update(code.co_code)
        self._note(*code.co_names, *code.co_varnames, *code.co_freevars)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._add_code(constant)
            else:
                self.add(constant)

    def _add_instance(self, obj: Any, kind: type) -> None:
        self._note("instance", kind.__module__, kind.__qualname__)
        if isinstance(obj, dict):
            self._add_structure(dict(obj), dict)
        elif isinstance(obj, (list, tuple)):
            self._add_structure(tuple(obj), tuple)
        attributes = getattr(obj, "__dict__", None)
        if isinstance(attributes, dict) and _saves_its_attributes(kind):
            self._note(len(attributes))
            for key in sorted(map(str, attributes)):
                self._note(key)
                self.add(attributes.get(key))

    def _each(self, items: Any) -> None:
        for item in items:
            if self._left <= 0:
                break
            self.add(item)

    def _note(self, *parts: object) -> None:
        self.digest.update("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass") + b"\x1e")


def _ends(text: Any) -> str:
    if len(text) <= 2 * _SAMPLE:
        return repr(text)
    return repr(text[:_SAMPLE]) + repr(text[-_SAMPLE:])


def _saves_its_attributes(kind: type) -> bool:
    """Tell whether instances come back with the attributes that they had."""
    # scikit-learn's __getstate__ only adds its version to the attributes.
    if kind.__module__.partition(".")[0] == "sklearn" and hasattr(kind, "get_params"):
        return True
    return all(getattr(kind, hook, None) is getattr(object, hook, None) for hook in _SAVING_HOOKS)
