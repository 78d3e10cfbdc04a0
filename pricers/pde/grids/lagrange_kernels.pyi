"""Python face of lagrange_kernels.pyx."""

from aadlib.types import Floats

def lagrange_kernel(nodes: Floats, points: Floats, result: Floats) -> None: ...
