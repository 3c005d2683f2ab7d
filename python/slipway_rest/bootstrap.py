"""Runs in the session before the package is there: loads it from sources kept in memory.

``__slipway_sources__`` is set by the kernel: a JSON object of module names and their sources.
"""


def _install(sources):  # type: ignore[no-untyped-def]
    import importlib
    import importlib.abc
    import importlib.util
    import json
    import sys

    class SlipwaySources(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        """Finds the modules of the package by name among the sources that were sent."""

        def __init__(self, sources):  # type: ignore[no-untyped-def]
            self.sources = sources

        def find_spec(self, fullname, path=None, target=None):  # type: ignore[no-untyped-def]
            if fullname not in self.sources:
                return None
            prefix = fullname + "."
            is_package = any(name.startswith(prefix) for name in self.sources)
            origin = "<{}>".format(fullname)
            return importlib.util.spec_from_loader(
                fullname, self, origin=origin, is_package=is_package
            )

        def create_module(self, spec):  # type: ignore[no-untyped-def]
            return None

        def exec_module(self, module):  # type: ignore[no-untyped-def]
            name = module.__name__
            exec(compile(self.sources[name], "<{}>".format(name), "exec"), module.__dict__)

        def get_source(self, fullname):  # type: ignore[no-untyped-def]
            return self.sources[fullname]

    # One that an earlier kernel left here may be of another version.
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if type(finder).__name__ != "SlipwaySources"
    ]
    sys.meta_path.insert(0, SlipwaySources(json.loads(sources)))
    state = getattr(sys.modules.get("slipway_rest.service"), "kept_state", None)
    for name in list(sys.modules):
        if name.split(".")[0] in ("slipway_rest", "slipway_publish"):
            del sys.modules[name]
    service = importlib.import_module("slipway_rest.service")
    if state is not None:
        service.adopt(state)


_install(globals().pop("__slipway_sources__"))
del _install
