"""How a session speaks with its server: Jupyter's messages in one stream over a Unix socket."""

from __future__ import annotations

from .in_process import InProcessServer
from .output import FlowControlledStream
from .publisher import WirePublisher
from .server_link import ServerLink
from .session import WireSession

__all__ = ["FlowControlledStream", "InProcessServer", "ServerLink", "WirePublisher", "WireSession"]
