"""Training samples: what gradients cost beside values alone."""

from __future__ import annotations

from functools import partial

from pricers.surrogates import (
    BachelierBasket,
    BasketCall,
    DigitalCall,
    Problem,
    WorstOfAutocallable,
    random_netting_set,
    simulate,
)

from .sizes import SMALLEST, median_seconds, sizes

N_SAMPLES = 2000 if SMALLEST else 50_000
PROBLEMS: dict[str, Problem] = {
    "bachelier": BachelierBasket(n_assets=7),
    "basket": BasketCall(),
    "digital": DigitalCall(),
    "autocallable": WorstOfAutocallable(),
    "netting set": random_netting_set().exposure(1.0),
}


class Samples:
    """Time of samples, and its ratio to that of payoffs alone."""

    params = list(PROBLEMS)[: len(sizes(*range(len(PROBLEMS))))]
    param_names = ("problem",)

    def time_gradients(self, name: str) -> None:
        """Simulate with gradients."""
        simulate(PROBLEMS[name], N_SAMPLES, seed=1)

    def track_gradients_over_values(self, name: str) -> float:
        """Return the ratio."""
        with_gradients = median_seconds(partial(simulate, PROBLEMS[name], N_SAMPLES, seed=1))
        return with_gradients / median_seconds(
            partial(simulate, PROBLEMS[name], N_SAMPLES, seed=1, gradients=False)
        )
