"""What `import aadlib` costs in a fresh interpreter, NumPy included."""

from __future__ import annotations

import subprocess
import sys

from .sizes import SMALLEST

CODE = "from time import perf_counter as t; s = t(); import {module}; print(t() - s)"


class Imports:
    """Seconds, the least of several runs; numpy alone stands beside aadlib."""

    params = ("aadlib", "numpy")
    param_names = ("module",)
    unit = "seconds"

    def track_import(self, module: str) -> float:
        """Return the import time in seconds."""
        command = [sys.executable, "-c", CODE.format(module=module)]
        rounds = range(1 if SMALLEST else 7)
        return min(float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in rounds)
