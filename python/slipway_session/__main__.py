"""Start a session: ``python …/slipway_session/__main__.py --SessionApp.link_path=SOCKET``.

The package is launched by path and not installed, so that it runs in any interpreter that has
ipykernel. Start-up is on the user's clock: nothing is imported here that ipykernel does not import
by itself.
"""

from __future__ import annotations

import os
import sys


def _arrange_import_path() -> None:
    """Put this package's root last on ``sys.path``, so that it hides no module of the user's.

    Python has put this file's folder first, which is wrong for everyone. IPython adds the working
    directory once it runs; until then a ``random.py`` of the user must not reach its imports.
    """
    package = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if entry != "" and os.path.abspath(entry) != package]
    sys.path.append(os.path.dirname(package))


def main() -> None:
    """Run the kernel until it is shut down."""
    _arrange_import_path()
    from slipway_session.app import SessionApp
    from slipway_session.kernel import SlipwayKernel

    SessionApp.launch_instance(kernel_class=SlipwayKernel)


if __name__ == "__main__":
    main()
