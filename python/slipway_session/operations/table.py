"""The operations by the names that they have on the wire."""

from __future__ import annotations

from . import batches, cells, functions, names, snapshots, variables, workspace
from .request import Operation
from .warm_up import warm_up

OPERATIONS: dict[str, Operation] = {
    "evaluate": Operation(variables.evaluate),
    "assign": Operation(variables.assign),
    "take_rows": Operation(batches.take_rows),
    "assign_results": Operation(batches.assign_results),
    "collect": Operation(variables.collect),
    "continue_count": Operation(cells.continue_count),
    "begin_cell": Operation(cells.begin),
    "end_cell": Operation(cells.end),
    "workspace_list": Operation(workspace.list_names, is_safe_beside_cells=True),
    "known_names": Operation(names.known_names, is_safe_beside_cells=True),
    "workspace_get": Operation(workspace.get),
    "workspace_set": Operation(workspace.set_object),
    "workspace_delete": Operation(workspace.delete),
    "describe_function": Operation(functions.describe),
    "snapshot_save": Operation(snapshots.save),
    "snapshot_load": Operation(snapshots.load),
    "warm_up": Operation(warm_up),
}
