"""What the kernel puts into a session of a server that has only R Server's API.

Such a server runs code and tells what it printed, and no more. This package is sent to it as source
by ``execute``, lives in memory there, and turns requests of the kernel into what a Jupyter kernel
would publish: results, displays, plots and errors come back between the lines that are printed (see
`slipway_rest.console`).

It has to run in what such servers have: Python 3.5 and newer, with or without IPython. So there are
no f-strings, no annotations of variables, no order of dicts, and nothing younger in the library.
"""

from .service import serve

__all__ = ["serve"]
