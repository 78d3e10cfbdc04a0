"""Training samples: payoffs with pathwise gradients against payoffs alone, for every problem."""

from __future__ import annotations

from functools import partial

from contests import Settings
from contests.racing import line, race
from pricers.surrogates import (
    BachelierBasket,
    BarrierCall,
    BasketCall,
    BlackScholesCall,
    DigitalCall,
    Himalaya,
    Problem,
    WorstOfAutocallable,
    random_netting_set,
    simulate,
)

N_SAMPLES = 100_000


def problems() -> dict[str, Problem]:
    """Return every problem by a short name."""
    netting_set = random_netting_set()
    return {
        "Black-Scholes call": BlackScholesCall(),
        **{f"Bachelier basket, {n} assets": BachelierBasket(n_assets=n) for n in (1, 7, 20, 50)},
        "basket call, 5 assets, 13 inputs": BasketCall(),
        "digital call": DigitalCall(),
        "barrier call, 12 dates": BarrierCall(),
        "worst-of autocallable, 3 assets, 6 dates": WorstOfAutocallable(),
        "Himalaya, 4 assets, 4 dates": Himalaya(),
        "netting set, 40 trades, 8 dates": netting_set.exposure(1.0),
    }


def run(settings: Settings) -> None:
    """Race samples with gradients against values alone."""
    print(
        f"{N_SAMPLES:,} samples of every problem, its first kind of labels; values alone are those of the payoff"
    )
    for name, problem in problems().items():
        contestants = {
            f"{name}: with gradients": partial(simulate, problem, N_SAMPLES, seed=1),
            f"{name}: values alone": partial(simulate, problem, N_SAMPLES, seed=1, gradients=False),
        }
        with_gradients, alone = race(contestants, settings.rounds).items()
        line(alone[0], alone[1], "ms", 1e3, {})
        line(f"{with_gradients[0]} ({problem.LABELS[0]})", with_gradients[1], "ms", 1e3, {"values": alone[1]})
