"""Functions of several variables, written once and run under NumPy, recorded numbers and jax.

Each takes the point and the module that stands for `np`. `CASES` holds (function, point, another point on the same
branches, whether jax can run it).
"""

from __future__ import annotations

from . import functions_of_arrays, functions_of_numbers
from .cases import CASES

__all__ = ["CASES", "functions_of_arrays", "functions_of_numbers"]
