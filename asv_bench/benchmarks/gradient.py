"""The gradient of the recorded B-spline PDE: its time, its ratio to one price, and its ratio to jax's."""

from __future__ import annotations

from functools import partial

import aadlib as ad

from .bspline_pde import price, weights
from .sizes import median_seconds, sizes

N_WEIGHTS = 19


class Gradient:
    """Replays of one recording, 201 spots."""

    params = sizes(5, 100)
    param_names = ("n_steps",)
    timeout = 300

    def setup(self, n_steps: int) -> None:
        """Record once."""
        self.x = weights(N_WEIGHTS)
        self.program = ad.record(partial(price, n_steps=n_steps), self.x)
        self.program.gradient(self.x)

    def time_value(self, n_steps: int) -> None:
        """Replay the price."""
        self.program.value(self.x)

    def time_gradient(self, n_steps: int) -> None:
        """Replay the price and sweep back."""
        self.program.gradient(self.x)

    def track_gradient_over_price(self, n_steps: int) -> float:
        """Return the cost of a gradient in prices."""
        gradient = median_seconds(lambda: self.program.gradient(self.x))
        return gradient / median_seconds(lambda: self.program.value(self.x))

    def track_nanoseconds_per_node(self, n_steps: int) -> float:
        """Return the time of a gradient per node."""
        return 1e9 * median_seconds(lambda: self.program.gradient(self.x)) / self.program.n_nodes

    def track_ratio_to_jax(self, n_steps: int) -> float:
        """Return our time over that of jax's jitted gradient, both warm; not available without jax."""
        try:
            import jax

            from .bspline_pde_jax import jitted_price
        except ImportError:
            return float("nan")
        gradient = jax.jit(jax.grad(jitted_price(N_WEIGHTS, n_steps=n_steps)))
        peer = median_seconds(lambda: gradient(self.x).block_until_ready())
        return median_seconds(lambda: self.program.gradient(self.x)) / peer
