"""What is learned: one file for each problem."""

from pricers.surrogates.samples.problems.bachelier_basket import BachelierBasket
from pricers.surrogates.samples.problems.barrier_call import BarrierCall
from pricers.surrogates.samples.problems.basket_call import BasketCall
from pricers.surrogates.samples.problems.black_scholes_call import BlackScholesCall
from pricers.surrogates.samples.problems.digital_call import DigitalCall
from pricers.surrogates.samples.problems.himalaya import Himalaya
from pricers.surrogates.samples.problems.netting_set import (
    NettingSet,
    NettingSetExposure,
    Scenarios,
    random_netting_set,
)
from pricers.surrogates.samples.problems.worst_of_autocallable import WorstOfAutocallable

__all__ = [
    "BachelierBasket", "BarrierCall", "BasketCall", "BlackScholesCall", "DigitalCall", "Himalaya",
    "NettingSet", "NettingSetExposure", "Scenarios", "random_netting_set", "WorstOfAutocallable",
]  # fmt: skip
