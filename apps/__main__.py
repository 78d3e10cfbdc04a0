"""`python -m apps`: list the programs, or run one.

Exit codes: 0 done, 2 for bad input (one line on stderr), 130 after Ctrl-C and 143 after SIGTERM; neither leaves
anything half-written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    # Sums of the linear algebra library depend on its threads; ours do not, and what takes long is ours.
    os.environ[name] = "1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one program and return the exit code."""
    try:
        # Loading takes a third of a second, in which Ctrl-C may come as well.
        from apps.programs import run

        return run(arguments)
    except KeyboardInterrupt:
        print("interrupted: what was there before is still there, whole", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
