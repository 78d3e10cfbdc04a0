"""The twin network: an epoch of training, and price with all Greeks of one state and of many."""

from __future__ import annotations

import numpy as np

from pricers.surrogates import BachelierBasket, TwinNetwork, simulate
from pricers.surrogates.network.adam import Adam
from pricers.surrogates.network.compiled_passes import Passes
from pricers.surrogates.network.layout import Layout
from pricers.surrogates.network.loss import combined_loss
from pricers.surrogates.network.scaling import Scaling

from .sizes import SMALLEST

SIZES = (7, 20, 20, 20, 20, 1)
N_SAMPLES = 512 if SMALLEST else 16384
N_STATES = 1000 if SMALLEST else 1_000_000


class Training:
    """One epoch of sixteen minibatches."""

    params = ("float32", "float64")
    param_names = ("dtype",)

    def setup(self, dtype: str) -> None:
        """Normalise samples and draw weights."""
        x, y, dydx = simulate(BachelierBasket(n_assets=7), N_SAMPLES, seed=0, antithetic=True)
        outputs, slopes = y[:, None], dydx[:, None]
        self.samples = Scaling.of(x, outputs).samples(x, outputs, slopes, dtype)
        self.loss = combined_loss(self.samples, 1.0)
        self.adam = Adam(Layout(SIZES).draw(np.random.default_rng(0), dtype))
        self.passes = Passes(SIZES, 0, dtype)
        self.order = np.random.default_rng(1).permutation(N_SAMPLES)

    def time_epoch(self, dtype: str) -> None:
        """Time an epoch."""
        self.passes.train_epoch(self.adam, self.samples, self.loss, self.order, np.full(16, 1e-3))


class Prediction:
    """Price with all Greeks."""

    def setup(self) -> None:
        """Train for a moment."""
        x, y, dydx = simulate(BachelierBasket(n_assets=7), 4096, seed=0, antithetic=True)
        self.network = TwinNetwork(epochs=30).fit(x, y, dydx)
        self.state, self.states = x[0], np.tile(x, (N_STATES // len(x) + 1, 1))[:N_STATES]

    def time_one_state(self) -> None:
        """Time one state."""
        self.network.predict_with_greeks(self.state)

    def time_many_states(self) -> None:
        """Time many states."""
        self.network.predict_with_greeks(self.states)
