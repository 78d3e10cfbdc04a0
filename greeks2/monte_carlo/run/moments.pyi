"""Python face of moments.pyx."""

from aadlib.types import Floats

def add_to_moments(
    values: Floats, gradients: Floats, hessians: Floats, sizes: Floats, n_paths: float, moments: Floats
) -> None: ...
