"""Entry point: ``python slipway_worker/__main__.py`` hosts one service version.

It speaks with the server over its standard streams; see `slipway_worker.control`.
"""

import os
import sys
from pathlib import Path

# Libraries read these when they are imported. A process that forks must have one thread alone, and
# parallel workers would only take each other's processors.
for _name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "ARROW_IO_THREADS",
):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("MPLBACKEND", "Agg")
# Caches beside modules of the working directory would look like files that a request has made.
sys.dont_write_bytecode = True

# Names of the working directory come first, as in a session; ours last.
sys.path[0] = ""
sys.path.append(str(Path(__file__).resolve().parent.parent))

from slipway_worker.host import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
