"""A worker: answers the requests of one connection, one at a time, in their order."""

from __future__ import annotations

import gc
import json
import os
import socket
import struct
import sys
import traceback
from dataclasses import dataclass
from typing import Any

from .process import become_worker, reseed_random
from .service import Service, ServiceLoadError
from .work_directory import WorkDirectory

# Length of the payload, id of the request; then the payload, in both directions.
_HEADER = struct.Struct(">II")
_GREETING_ID = 0
_READ_BUFFER = 65536


@dataclass(frozen=True)
class WorkerOrder:
    """The server's order for one worker."""

    worker: str
    socket: str
    nonce: str
    directory: str

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> WorkerOrder:
        """Read a ``fork`` message."""
        return cls(message["worker"], message["socket"], message["nonce"], message["directory"])


def run_worker(service: Service, order: WorkerOrder, parent: int, pristine: str) -> int:
    """Serve until the server closes the connection; returns the exit status of the process."""
    become_worker(parent)
    reseed_random()
    failure = None
    try:
        service.initialise(WorkDirectory(order.directory, pristine))
    except ServiceLoadError as error:
        failure = {"ename": error.ename, "message": str(error)}
    # What every request starts from need not be looked through for garbage again and again.
    gc.collect()
    gc.freeze()
    gc.enable()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(order.socket)
        greeting = {
            "worker": order.worker,
            "nonce": order.nonce,
            "pid": os.getpid(),
            "failure": failure,
        }
        _send(connection, _GREETING_ID, json.dumps(greeting).encode("utf-8"))
        return 1 if failure else _serve(service, connection)


def _serve(service: Service, connection: socket.socket) -> int:
    # Requests that arrive together are read together.
    with open(os.dup(connection.fileno()), "rb", buffering=_READ_BUFFER) as requests:
        while len(header := requests.read(_HEADER.size)) == _HEADER.size:
            length, request_id = _HEADER.unpack(header)
            body = requests.read(length)
            if len(body) < length:
                break
            try:
                _send(connection, request_id, service.answer(body))
            except (BrokenPipeError, ConnectionResetError):
                break
            try:
                service.reset()
            except OSError:
                # The next request would find the files of this one; a new worker does not.
                traceback.print_exc(file=sys.__stderr__)
                return 1
    return 0


def _send(connection: socket.socket, request_id: int, payload: bytes) -> None:
    connection.sendall(_HEADER.pack(len(payload), request_id) + payload)
