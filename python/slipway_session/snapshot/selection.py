"""Which names of a namespace belong to the user, and which of them must not leave the session."""

from __future__ import annotations

import builtins
import os
import re
import sys
import types
from collections.abc import Mapping
from typing import Any

# What IPython puts into the user's namespace for itself (IPython.core.interactiveshell,
# init_user_ns) besides names that start with underscores.
_SHELL_NAMES = frozenset({"In", "Out", "exit", "quit", "get_ipython"})
_HISTORY_NAME = re.compile(r"_+|_i+|_\d+|_i\d+|_[iod]h|_exit_code")

# IPython puts these into builtins; a process that serves a snapshot does not have them.
_SHELL_BUILTINS = frozenset({"get_ipython", "display"})

BUILTIN_NAMES = frozenset(dir(builtins)) - _SHELL_BUILTINS | {
    "__builtins__",
    "__file__",
    "__annotations__",
    "__path__",
}

_SECRET_PHRASES = (
    *("password", "passwords", "passwd", "passphrase", "pwd", "secret", "secrets"),
    *("credential", "credentials", "apikey", "apikeys", "api_key", "api_keys", "access_key"),
    *("private_key", "auth_key", "account_key", "signing_key", "encryption_key", "bearer_token"),
    *("auth_token", "access_token", "refresh_token", "api_token", "id_token"),
    *("connection_string", "conn_str"),
)
_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHORTEST_SECRET = 8
_ENVIRONMENT_SAMPLE = 5


def is_user_name(name: object, value: Any) -> bool:
    """Tell whether a name was made by the user: not by IPython, not by Python itself.

    Names with one leading underscore count, since functions of the notebook may use them. A key
    that code has put into ``globals()`` and that is no identifier is no name.
    """
    if not isinstance(name, str) or not name.isidentifier():
        return False
    if name in _SHELL_NAMES or _HISTORY_NAME.fullmatch(name):
        return False
    if name.startswith("__") and name.endswith("__"):
        return False
    # The shell replaces open() in the namespace to protect its own descriptors.
    return not (name == "open" and isinstance(value, types.FunctionType) and _is_shells(value))


def _is_shells(function: types.FunctionType) -> bool:
    # It is wrapped to look like the builtin; only its globals tell.
    return str(function.__globals__.get("__name__")).startswith("IPython.")


def looks_secret(name: str) -> bool:
    """Tell whether a name reads like that of a password, a key or a token.

    Whole words are compared: ``api_key`` and ``dbPassword`` do, ``tokenizer``, ``max_tokens`` and
    ``secretary`` do not.
    """
    words = "_" + _CAMEL_HUMP.sub("_", name).lower().strip("_") + "_"
    if words.endswith("_token_"):
        return True
    return any(f"_{phrase}_" in words for phrase in _SECRET_PHRASES)


class SecretFilter:
    """Finds values that must not be saved. Holds this process' environment as it is now."""

    def __init__(self) -> None:
        self._environment = dict(os.environ)
        self._secret_values = {
            value: variable
            for variable, value in self._environment.items()
            if looks_secret(variable) and len(value) >= _SHORTEST_SECRET
        }

    def reason(self, name: str, value: Any) -> str | None:
        """Say why a value is taken for a secret, or None when it is not."""
        if looks_secret(name) and _can_hold_secret(value):
            return "its name looks like a secret, and secrets are not saved"
        if type(value) is str and value in self._secret_values:
            variable = self._secret_values[value]
            return f"it holds the environment variable {variable}, and secrets are not saved"
        if isinstance(value, (dict, type(os.environ))) and self._is_environment(value):
            return "it holds environment variables, which are not saved"
        return None

    def _is_environment(self, value: Mapping[Any, Any]) -> bool:
        if isinstance(value, type(os.environ)):
            return True
        if type(value) is not dict or len(value) < _ENVIRONMENT_SAMPLE:
            return False
        # Any environment of use has these few; comparing values avoids tables of other content.
        shared = sum(
            1 for key, text in self._environment.items() if text and value.get(key) == text
        )
        return shared >= max(_ENVIRONMENT_SAMPLE, len(self._environment) // 2)


def _can_hold_secret(value: Any) -> bool:
    return isinstance(value, (str, bytes, bytearray, list, tuple, set, dict))


def as_import(value: Any, namespace: dict[str, Any]) -> tuple[str, str | None] | None:
    """Return ``(module, attribute)`` when a value comes back by an import, else None.

    ``attribute`` is None for a module itself.
    """
    if isinstance(value, types.ModuleType):
        known = sys.modules.get(value.__name__) is value
        importable = known and value.__name__ != "__main__" and value.__spec__ is not None
        return (value.__name__, None) if importable else None
    if not isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        return None
    if isinstance(value, types.FunctionType) and value.__globals__ is namespace:
        return None
    module_name = getattr(value, "__module__", None)
    attribute = getattr(value, "__qualname__", None)
    if not isinstance(module_name, str) or not isinstance(attribute, str):
        return None
    module = sys.modules.get(module_name)
    if module is None or module_name == "__main__" or "<" in attribute:
        return None
    found: Any = module
    for part in attribute.split("."):
        found = getattr(found, part, None)
    return (module_name, attribute) if found is value else None
