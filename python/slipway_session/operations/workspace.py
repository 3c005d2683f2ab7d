"""The objects of the workspace, by name and as bytes."""

from __future__ import annotations

from types import FunctionType, ModuleType

from ..errors import WorkspaceObjectNotFound
from ..object_bytes import dump_object, load_object
from .request import Answer, Arguments, require_name
from .session_state import SessionState


def list_names(session: SessionState, arguments: Arguments) -> Answer:
    """List what ``%who`` shows, without modules, and which of it are functions.

    Safe beside a running cell: it reads one copy.
    """
    names = session.namespace.copy()
    hidden = session.shell.user_ns_hidden.copy()
    absent = object()
    shown = [
        name
        for name, value in names.items()
        # Code can put any key into globals(); what is no identifier is no variable.
        if isinstance(name, str)
        and name.isidentifier()
        and not name.startswith("_")
        and hidden.get(name, absent) is not value
        # By type: isinstance() would ask the object itself, which may be any code.
        and not issubclass(type(value), ModuleType)
    ]
    functions = [name for name in shown if type(names[name]) is FunctionType]
    return Answer({"names": sorted(shown), "functions": sorted(functions)})


def get(session: SessionState, arguments: Arguments) -> Answer:
    """Return an object as bytes that `pickle.loads` and `dill.loads` take."""
    name = arguments.text("name")
    if name not in session.namespace:
        raise WorkspaceObjectNotFound(name)
    return Answer({}, [dump_object(name, session.namespace[name])])


def set_object(session: SessionState, arguments: Arguments) -> Answer:
    """Set a name to an object from the bytes of pickle, cloudpickle or dill."""
    name = arguments.text("name")
    require_name(name)
    session.set_names({name: load_object(name, arguments.buffer())})
    return Answer()


def delete(session: SessionState, arguments: Arguments) -> Answer:
    """Remove a name, as ``del`` does. (IPython's del_var removes every name of the object.)"""
    name = arguments.text("name")
    if name not in session.namespace:
        raise WorkspaceObjectNotFound(name)
    del session.namespace[name]
    return Answer()
