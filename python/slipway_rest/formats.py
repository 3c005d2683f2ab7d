"""Values in the forms that notebooks show."""

import base64
import pprint
from typing import Any, Dict, Optional, Tuple

Bundle = Tuple[Dict[str, Any], Dict[str, Any]]

_METHODS = (
    ("text/html", "_repr_html_"),
    ("text/markdown", "_repr_markdown_"),
    ("text/latex", "_repr_latex_"),
    ("image/svg+xml", "_repr_svg_"),
    ("image/png", "_repr_png_"),
    ("image/jpeg", "_repr_jpeg_"),
    ("application/pdf", "_repr_pdf_"),
    ("application/json", "_repr_json_"),
    ("application/javascript", "_repr_javascript_"),
)


def format_value(shell: Any, value: Any) -> Bundle:
    """Return data by MIME type, and metadata. Without data the value has shown itself."""
    data, metadata = (
        _format_plainly(value) if shell is None else shell.display_formatter.format(value)
    )
    return encode(data), metadata or {}


def encode(data: Dict[str, Any]) -> Dict[str, Any]:
    """Return data whose bytes are base64."""
    encoded = {}
    for mime, value in data.items():
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode("ascii")
        encoded[mime] = value
    return encoded


def _format_plainly(value: Any) -> Bundle:
    """Ask a value for its forms, as IPython's formatters do."""
    if isinstance(value, type):
        return {"text/plain": repr(value)}, {}
    show = getattr(value, "_ipython_display_", None)
    if callable(show):
        show()
        return {}, {}
    data = {}  # type: Dict[str, Any]
    metadata = {}  # type: Dict[str, Any]
    for mime, method in _METHODS:
        form = _call(value, method)
        if form is not None:
            data[mime], more = form if isinstance(form, tuple) else (form, None)
            if more is not None:
                metadata[mime] = more
    bundle = _call(value, "_repr_mimebundle_")
    if isinstance(bundle, tuple):
        metadata.update(bundle[1])
        bundle = bundle[0]
    data.update(bundle or {})
    if "text/plain" not in data:
        data["text/plain"] = _text(value)
    return data, metadata


def _call(value: Any, method: str) -> Any:
    function = getattr(value, method, None)
    return function() if callable(function) else None


def _text(value: Any) -> str:
    if type(value) in (dict, list, tuple, set, frozenset):
        return pprint.pformat(value)
    return repr(value)


class Display:
    """``display`` and ``clear_output`` for sessions without IPython."""

    def __init__(self) -> None:
        self.console = None  # type: Any
        self._count = 0

    def display(self, *values: Any, display_id: Any = None, **options: Any) -> Optional["Handle"]:
        """Show values below the cell; with ``display_id`` they can be updated."""
        if display_id is True:
            self._count += 1
            display_id = "slipway-{}".format(self._count)
        for value in values:
            self.show(value, display_id, bool(options.get("update")), bool(options.get("raw")))
        return None if display_id is None else Handle(self, str(display_id))

    def show(self, value: Any, display_id: Any, update: bool = False, raw: bool = False) -> None:
        """Publish one value."""
        data, metadata = (encode(value), {}) if raw else format_value(None, value)
        if data and self.console is not None:
            transient = {} if display_id is None else {"display_id": str(display_id)}
            kind = "update_display_data" if update else "display_data"
            content = {"data": data, "metadata": metadata, "transient": transient}
            self.console.message(kind, content)


class Handle:
    """What ``display(…, display_id=True)`` returns."""

    def __init__(self, display: Display, display_id: str) -> None:
        self.display_id = display_id
        self._display = display

    def display(self, value: Any) -> None:
        """Show a value once more."""
        self._display.show(value, self.display_id)

    def update(self, value: Any) -> None:
        """Show a value in place of the one before."""
        self._display.show(value, self.display_id, True)
