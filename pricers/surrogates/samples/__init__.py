"""Training samples: states, payoffs and their gradients, of problems that are one file each in `problems/`."""

from pricers.surrogates.samples.monte_carlo_truth import monte_carlo_truth, nested_monte_carlo
from pricers.surrogates.samples.problem import LabelsWarning, Problem, Truth
from pricers.surrogates.samples.problems import (
    BachelierBasket,
    BarrierCall,
    BasketCall,
    BlackScholesCall,
    DigitalCall,
    Himalaya,
    NettingSet,
    NettingSetExposure,
    Scenarios,
    WorstOfAutocallable,
    random_netting_set,
)
from pricers.surrogates.samples.simulation import Samples, simulate
from pricers.surrogates.samples.store import StoredSamples, open_samples, write_samples

__all__ = [
    "BachelierBasket", "BarrierCall", "BasketCall", "BlackScholesCall", "DigitalCall", "Himalaya", "LabelsWarning",
    "NettingSet", "NettingSetExposure", "Problem", "Samples", "Scenarios", "StoredSamples", "Truth",
    "WorstOfAutocallable", "monte_carlo_truth", "nested_monte_carlo", "open_samples", "random_netting_set",
    "simulate", "write_samples",
]  # fmt: skip
