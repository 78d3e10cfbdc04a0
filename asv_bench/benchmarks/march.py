"""The backward march as one operation: price, gradient and Hessian, in time, in prices and against jax."""

from __future__ import annotations

from typing import Any

import numpy as np

from .bspline_march import jax_price, recorded, static_basis, tensor_basis, tensor_weights
from .bspline_pde import weights
from .sizes import SMALLEST, median_seconds, sizes


def case(name: str) -> tuple[np.ndarray, Any]:
    """Return the weights and the basis of a case: a number of weights, or "tensor"."""
    if name == "tensor":
        return tensor_weights(), tensor_basis()
    return weights(int(name)), static_basis(int(name))


class March:
    """Replays of one recording, 201 spots and 100 steps."""

    params = [str(n) for n in sizes(9, 19, 50, 100, 200)] + ([] if SMALLEST else ["tensor"])
    param_names = ("weights",)

    def setup(self, name: str) -> None:
        """Record once."""
        self.x, basis = case(name)
        self.program = recorded(self.x, basis)

    def time_price(self, name: str) -> None:
        """Replay the value."""
        self.program.value(self.x)

    def time_gradient(self, name: str) -> None:
        """Replay the gradient."""
        self.program.gradient(self.x)

    def time_hessian(self, name: str) -> None:
        """Replay the whole matrix."""
        self.program.hessian(self.x)

    def track_hessian_over_price(self, name: str) -> float:
        """Return the cost of a Hessian in prices."""
        return median_seconds(lambda: self.program.hessian(self.x)) / median_seconds(
            lambda: self.program.value(self.x)
        )


class MarchAgainstJax:
    """Hessians beside jax's, warm, in one process; needs jax."""

    params = ["19"] if SMALLEST else ["19", "tensor"]
    param_names = ("weights",)
    timeout = 300

    def setup(self, name: str) -> None:
        """Record and compile once."""
        try:
            import jax
        except ImportError:
            raise NotImplementedError("jax is not installed") from None
        self.x, basis = case(name)
        self.program = recorded(self.x, basis)
        self.jax_hessian = jax.jit(jax.hessian(jax_price(basis)))

    def track_hessian_over_jax(self, name: str) -> float:
        """Return our time over jax's."""
        ours = median_seconds(lambda: self.program.hessian(self.x))
        return ours / median_seconds(lambda: self.jax_hessian(self.x).block_until_ready())
