"""A path of any model with early exercise of any payoff: what `early_exercise_price` and `refit_greeks` take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import names_of, one_float, require_positive, whole_number
from pricers.curves.rate_curve import mean_rate
from pricers.monte_carlo.closed_forms import geometric_claim
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.dynamics.geometric_brownian_motion import GeometricBrownianMotion
from pricers.monte_carlo.payoffs.extreme import ExtremeOption
from pricers.monte_carlo.payoffs.payoff import HasClaim, Payoff
from pricers.monte_carlo.simulation import Simulation, split_normals


@dataclass(frozen=True, kw_only=True, eq=False)
class EarlyExercisePath:
    """One path with what exercise pays at each date.

    Parameters
    ----------
    dynamics : Dynamics, such as GeometricBrownianMotion or LocalVolatility
    payoff : Payoff of the prices at one date, such as BestOfOption, GeometricBasketOption, BasketOption
        What exercise pays at each date.
    expiry : float, years, > 0
    n_dates : int, >= 1, equally spaced, the last one at expiry
    differentiate : groups of the model's parameters
    control : payoff on a geometric mean, optional
        Its European value follows the path as a control; best the payoff itself where it is one. Lognormal models only.

    Raises
    ------
    AadValueError, AadTypeError
        For an unknown group, a payoff of another number of assets or of earlier prices, a control without a closed
        form.

    Examples
    --------
    >>> from pricers.monte_carlo import BestOfOption, GeometricBrownianMotion
    >>> market = GeometricBrownianMotion(spots=[100.0, 100.0], volatilities=0.2, rate=0.05, dividend_yields=0.1)
    >>> path = EarlyExercisePath(dynamics=market, payoff=BestOfOption(strike=100.0), expiry=3.0, n_dates=9)
    >>> path.labels[:3], path.noise_shape, path(path.parameters, np.zeros((9, 2))).shape
    (('spot[0]', 'spot[1]', 'volatility[0]'), (9, 2), (4, 9))
    """

    dynamics: Dynamics
    payoff: Payoff
    expiry: float
    n_dates: int
    differentiate: tuple[str, ...] = ("spots", "volatilities", "rate")
    control: Any = None

    def __post_init__(self) -> None:
        require_positive("expiry", one_float("expiry", self.expiry))
        whole_number("n_dates", self.n_dates, 1)
        if not isinstance(self.dynamics, Dynamics):
            raise AadTypeError(
                f"dynamics = {self.dynamics!r}: must be a model such as GeometricBrownianMotion(...)"
            )
        names = names_of("differentiate", self.differentiate)
        unknown = [name for name in names if name not in self.dynamics.GROUPS]
        if unknown or not names or len(set(names)) != len(names):
            raise AadValueError(
                f"differentiate = {names!r}: choose different names among {', '.join(self.dynamics.GROUPS)}"
            )
        object.__setattr__(self, "differentiate", names)
        for payoff in (self.payoff, *([] if self.control is None else [self.control])):
            if not hasattr(payoff, "require_assets"):
                raise AadTypeError(
                    f"payoff = {payoff!r}: must be a payoff such as BasketOption(strike=100.0)"
                )
            payoff.require_assets(self.dynamics.n_assets)
            if not payoff.AT_EXPIRY:
                raise AadValueError(
                    f"{type(payoff).__name__} depends on earlier prices: exercise pays by those of its date"
                )
        if self.control is not None:
            geometric = isinstance(self.control, HasClaim) and self.control.claim(1).geometric
            if not geometric or not isinstance(self.dynamics, GeometricBrownianMotion):
                raise AadValueError(
                    f"control = {self.control!r}: must be a geometric option of a lognormal model, which has a closed "
                    "form"
                )

    @property
    def noise_shape(self) -> tuple[int, int]:
        """Shape of one path's normals."""
        return (self.n_dates, self.dynamics.n_assets)

    @property
    def parameters(self) -> Floats:
        """The differentiated parameters at the model's own numbers, (n_parameters,)."""
        return np.concatenate([self.dynamics.group(name) for name in self.differentiate])

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(label for name in self.differentiate for label in self.dynamics.labels(name))

    @property
    def sorts_states(self) -> bool:
        """Whether regressed log prices are sorted, as which asset is which means nothing to the best or the worst."""
        return isinstance(self.payoff, ExtremeOption) and self.payoff.references is None

    def at(self, parameters: Any) -> Dynamics:
        """Return the model at other parameters, numbers of any kind."""
        numbers = parameters.tolist() if isinstance(parameters, np.ndarray) else list(parameters)
        if len(numbers) != len(self.labels):
            raise AadValueError(
                f"parameters has {len(numbers)} entries: must have {len(self.labels)}, {', '.join(self.labels)}"
            )
        groups, begin = {}, 0
        for name in self.differentiate:
            size = len(self.dynamics.group(name))
            groups[name] = numbers[begin : begin + size]
            begin += size
        return self.dynamics.replaced(groups)

    def __call__(self, parameters: Any, normals: Any) -> Any:
        """Return discounted exercise values, the discounted control, and log prices, (2 + n_assets, n_dates)."""
        model = self.at(parameters)
        split = split_normals(normals, self.n_dates, model.n_assets, tracked=True)
        simulation = Simulation(model, self.expiry, split, False, model.factor())
        logs, discounts = simulation.log_prices(), simulation.discounts()
        prices = [[ad.exp(x) for x in row] for row in logs]
        exercise = [
            self.payoff.value([row], [discount]) for row, discount in zip(prices, discounts, strict=True)
        ]
        control = [
            self.control_value(model, row, discount, self.expiry * (1.0 - (date + 1) / self.n_dates))
            for date, (row, discount) in enumerate(zip(prices, discounts, strict=True))
        ]
        return ad.array([exercise, control, *zip(*logs, strict=True)])

    def control_value(self, model: Any, prices: list[Any], discount: Any, left: float) -> Any:
        """Return the control's value discounted to today, `left` years before expiry."""
        if self.control is None:
            return 0.0
        if left < 1e-12 * self.expiry:
            return self.control.value([prices], [discount])
        claim, date = self.control.claim(1), self.expiry - left
        later = replace(
            model,
            spots=prices,
            rate=mean_rate(model.rate, date, self.expiry),
            dividend_yields=[mean_rate(given, date, self.expiry) for given in model.dividend_yields],
        )
        return discount * geometric_claim(claim=claim, dynamics=later, expiry=left)

    def control_today(self, parameters: Any) -> Any:
        """Return the control's value today."""
        model = self.at(parameters)
        return self.control_value(model, list(model.spots), 1.0, self.expiry)
