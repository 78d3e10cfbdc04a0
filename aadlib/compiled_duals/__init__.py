"""Dual numbers that numba compiles: unchanged nopython code takes them in place of floats.

Importing this package tells numba of them.
"""

from aadlib.compiled_duals import operations as operations
from aadlib.compiled_duals.arrays import zeros
from aadlib.compiled_duals.boundary import DualArray
from aadlib.compiled_duals.kernel_derivatives import derivatives

__all__ = ["DualArray", "derivatives", "zeros"]
