"""The IPython shell of the session, where it has one."""

import sys
from typing import Any, List


def active_shell() -> Any:
    """Return the running `InteractiveShell`, or None where Python is on its own.

    IPython is not imported for it: a shell runs only where it has been.
    """
    module = sys.modules.get("IPython.core.interactiveshell")
    shell_class = getattr(module, "InteractiveShell", None)
    if shell_class is None or not shell_class.initialized():
        return None
    return shell_class.instance()


class ShellOutput:
    """While it is entered, what IPython would publish goes to a console instead."""

    def __init__(self, shell: Any, console: Any) -> None:
        self._shell = shell
        self._console = console
        self._publisher = None  # type: Any

    def __enter__(self) -> None:
        if self._shell is None:
            return
        self._publisher = self._shell.display_pub
        self._shell.display_pub = _publisher(self._console)
        # Magics show errors of the code that they run by this.
        self._shell._showtraceback = self._show_traceback

    def __exit__(self, *failure: Any) -> None:
        if self._shell is None:
            return
        self._shell.display_pub = self._publisher
        del self._shell._showtraceback

    def _show_traceback(self, etype: Any, evalue: Any, lines: List[str]) -> None:
        self._console.write("stderr", "\n".join(lines) + "\n")


def transform(shell: Any, source: str) -> str:
    """Return a cell as Python: without magics, ``!`` commands and what else is IPython's."""
    if shell is None:
        return source
    if hasattr(shell, "transform_cell"):
        return str(shell.transform_cell(source))
    # IPython before 7 has it in parts.
    cell = str(shell.input_transformer_manager.transform_cell(source))
    if len(cell.splitlines()) == 1:
        cell = shell.prefilter_manager.prefilter_lines(cell) + "\n"
    return cell


def end_of_cell(shell: Any) -> List[Any]:
    """Let extensions end the cell, as inline plots do; return what is to be paged or inserted."""
    if shell is None:
        return []
    shell.events.trigger("post_execute")
    manager = getattr(shell, "payload_manager", None)
    if manager is None:
        return []
    payload = list(manager.read_payload())
    manager.clear_payload()
    return payload


def _publisher(console: Any) -> Any:
    from IPython.core.displaypub import DisplayPublisher

    class ConsolePublisher(DisplayPublisher):
        """Publishes displays as records of the console."""

        def publish(
            self, data: Any, metadata: Any = None, source: Any = None, **options: Any
        ) -> None:
            update, transient = options.get("update"), options.get("transient")
            kind = "update_display_data" if update else "display_data"
            content = {"data": data, "metadata": metadata or {}, "transient": transient or {}}
            console.message(kind, content)

        def clear_output(self, wait: bool = False) -> None:
            console.message("clear_output", {"wait": wait})

        def set_parent(self, parent: Any) -> None:
            """As ipykernel's has it: a request of its own sets the parent."""

    return ConsolePublisher()
