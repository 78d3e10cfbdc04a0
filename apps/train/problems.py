"""What the program `train` trains on: problems by name, with the sizes that suit them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aadlib.errors import AadValueError
from aadlib.types import Floats

if TYPE_CHECKING:
    from pricers.surrogates import Problem

MOST_ASSETS = 200
"""Beyond, a table of Greeks by input helps nobody, and samples of every size fill the memory."""


@dataclass(frozen=True)
class Offer:
    """A problem by name.

    Attributes
    ----------
    name, about : what it is called, and what it is
    make : problem of a number of assets
    n_assets : how many there are unless told; None where there is only one
    n_samples : samples of a training unless told
    n_states : held-out states
    antithetic : whether a sample is the mean over a path and its mirror image
    truth : options of the truth, for problems that are simulated
    """

    name: str
    about: str
    make: Callable[[int], Problem]
    n_assets: int | None
    n_samples: int
    n_states: int = 128
    antithetic: bool = False
    truth: tuple[tuple[str, int], ...] = ()

    def problem(self, n_assets: int | None) -> Problem:
        """Return the problem; raise for a number of assets that it cannot have."""
        if n_assets is None:
            return self.make(self.n_assets or 1)
        if self.n_assets is None:
            raise AadValueError(f"--dim {n_assets}: {self.name} has one asset; leave the option out")
        if not 1 <= n_assets <= MOST_ASSETS:
            raise AadValueError(f"--dim {n_assets}: must be from 1 to {MOST_ASSETS} assets")
        return self.make(n_assets)


def _black_scholes(n_assets: int) -> Problem:
    from pricers.surrogates import BlackScholesCall

    return BlackScholesCall()


def _basket(n_assets: int) -> Problem:
    from pricers.surrogates import BachelierBasket

    return BachelierBasket(n_assets=n_assets)


def _lognormal(n_assets: int) -> Problem:
    from pricers.surrogates import BasketCall

    groups = ("spots", "volatilities", "rate", "expiry", "correlation")
    return BasketCall(n_assets=n_assets, vary=groups if n_assets > 1 else groups[:-1])


def _digital(n_assets: int) -> Problem:
    from pricers.surrogates import DigitalCall

    return DigitalCall(n_assets=n_assets)


def _barrier(n_assets: int) -> Problem:
    from pricers.surrogates import BarrierCall

    return BarrierCall(n_assets=n_assets)


def _autocallable(n_assets: int) -> Problem:
    from pricers.surrogates import WorstOfAutocallable

    return WorstOfAutocallable(n_assets=n_assets)


def _himalaya(n_assets: int) -> Problem:
    from pricers.surrogates import Himalaya

    return Himalaya(n_assets=n_assets, n_steps=min(4, n_assets))


def _netting_set(n_assets: int) -> Problem:
    from pricers.surrogates import random_netting_set

    return random_netting_set(n_assets=n_assets).exposure(1.0)


_PATHS = (("n_paths", 2**14),)

OFFERS = (
    Offer("basket", "call on a basket of normal assets", _basket, 7, 8192, n_states=4096, antithetic=True),
    Offer("black-scholes", "call at a horizon", _black_scholes, None, 8192, n_states=4096, antithetic=True),
    Offer(
        "lognormal-basket",
        "call on lognormal assets; spots, volatilities, rate, expiry and correlation are inputs",
        _lognormal,
        5,
        16384,
        antithetic=True,
        truth=_PATHS,
    ),
    Offer("digital", "digital call, hybrid labels", _digital, 1, 65536, truth=_PATHS),
    Offer("barrier", "down-and-out call on twelve dates, hybrid labels", _barrier, 1, 65536, truth=_PATHS),
    Offer("autocallable", "worst-of note, hybrid labels", _autocallable, 3, 65536, truth=_PATHS),
    Offer("himalaya", "best performances locked in, hybrid labels", _himalaya, 4, 65536, truth=_PATHS),
    Offer("netting-set", "40 trades one year ahead", _netting_set, 5, 32768, n_states=1024),
)
"""In the order of the program's help; the first is trained unless told otherwise."""

_UNITS = {
    "spot": "per unit of spot",
    "volatility": "per 1.00 of volatility",
    "rate": "per 1.00 of rate",
    "expiry": "per year",
    "correlation": "per 1.00 of correlation",
}


def offer(name: str) -> Offer:
    """Return the problem of a name."""
    return next(one for one in OFFERS if one.name == name)


def unit_of(name: str) -> str:
    """Return the unit of the Greek in an input, by the input's name such as spot[3]."""
    return f"currency {_UNITS[name.partition('[')[0]]}"


def test_states(chosen: Offer, problem: Problem, seed: int) -> Floats:
    """Return states to judge by: the authors' for their basket, otherwise within the 1% quantiles of the training."""
    from pricers.surrogates import BachelierBasket, held_out_states

    if isinstance(problem, BachelierBasket):
        return problem.test_states(chosen.n_states, seed=seed)
    return held_out_states(
        problem, chosen.n_states, seed=seed, quantile=0.01 if len(problem.inputs) < 20 else 0.0
    )


def truth_options(problem: Problem, chosen: Offer) -> dict[str, Any]:
    """Return what `problem.truth` takes: nothing where it is a closed form."""
    return dict(chosen.truth) if hasattr(problem, "claim") else {}
