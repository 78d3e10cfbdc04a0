"""The control: no code of ours. Where these move, the machine moved, not the project."""

from __future__ import annotations

import numpy as np


class Control:
    """A Python loop over floats and a matrix product."""

    def setup(self) -> None:
        """Make the matrix."""
        self.matrix = np.random.default_rng(20240229).standard_normal((256, 256))

    def time_float_loop(self) -> None:
        """100,000 float multiplications and additions in a Python loop."""
        total, factor = 0.0, 1.0000001
        for _ in range(100_000):
            total = total * factor + 1.0

    def time_matrix_product(self) -> None:
        """256 x 256 doubles through the BLAS that NumPy carries."""
        np.dot(self.matrix, self.matrix)
