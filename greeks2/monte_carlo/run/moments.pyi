"""Python face of moments.pyx."""

from aadlib.types import Floats

def add_batch(
    value: float, gradient: Floats, hessian: Floats, n: float, n_paths: float, moments: Floats
) -> None: ...
