"""What operations know of the session that they run in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..changed_files import FileTracker

if TYPE_CHECKING:
    from ..shell import SlipwayShell

# A session has few clients at a time; the outcomes of those that are gone are forgotten.
_MOST_CLIENTS = 64


class SessionState:
    """The shell, its namespace, and what is remembered between requests."""

    def __init__(self, shell: SlipwayShell, directory: Path) -> None:
        self.shell = shell
        # Where the session was started: code may change directory, and files still belong here.
        self.directory = directory
        self.files = FileTracker(directory)
        self._outcomes: OrderedDict[str, bool] = OrderedDict()

    @property
    def namespace(self) -> dict[str, Any]:
        """The global names of the user's code."""
        return self.shell.user_ns

    def set_names(self, values: Mapping[str, Any]) -> None:
        """Set names as if a cell had assigned them."""
        # IPython hides names of its own from listings; what the user sets is not hidden.
        self.shell.push(dict(values), interactive=True)

    def record_execution(self, client: str, succeeded: bool) -> None:
        """Remember how a client's last execution ended."""
        self._outcomes[client] = succeeded
        self._outcomes.move_to_end(client)
        if len(self._outcomes) > _MOST_CLIENTS:
            self._outcomes.popitem(last=False)

    def last_execution_succeeded(self, client: str) -> bool:
        """Tell whether a client's last execution ended without an error; true before the first."""
        return self._outcomes.get(client, True)
