"""A Monte Carlo path as a function of numbers: parameters and normals in, present value out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import as_floats, names_of, one_number, require_flag, require_positive, whole_number
from pricers.monte_carlo.closed_forms import geometric_claim
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.payoffs.payoff import HasClaim, Payoff
from pricers.monte_carlo.simulation import Simulation, split_normals
from pricers.monte_carlo.smoothing import SMOOTHINGS
from pricers.monte_carlo.smoothing.exact import Exact
from pricers.monte_carlo.smoothing.smoothing import Smoothing


@dataclass(frozen=True, kw_only=True, eq=False)
class Path:
    """One path of a payoff under a model: what `greeks2.expectation` averages and differentiates.

    Parameters
    ----------
    dynamics : Dynamics, such as GeometricBrownianMotion or LocalVolatility, at the point of interest
    payoff : Payoff, one of `pricers.monte_carlo` or any object with its methods
    expiry : float, years, > 0
    n_steps : int, >= 1
        Equal steps; dates of a payoff that looks at earlier prices are their ends.
    track_steps : bool
        Every step is recorded, from normals of shape (n_steps, n_assets). Otherwise one exact step is, from normals of
        shape (n_assets,): sums of the steps' normals over sqrt(n_steps) give the same numbers (see `compress_steps`).
    differentiate : tuple of str
        Parameters that are inputs, in this order: groups of the model and, where its steps are exact, "expiry".
    smoothing : name, or object such as Softplus(sharpness=30.0), Kernel(bandwidth=1.0)
        How corners and steps of the payoff are differentiated: one of `SMOOTHINGS`. None leaves them as they are, for
        `greeks2.expectation(..., smoothing="kink")` to integrate them out: give one or the other.
    correlated_normals : bool
        The normals come correlated (see `apply_correlation`), so that the product with the factor stays off the tape;
        correlations cannot be differentiated then.
    control : payoff with a closed form (GeometricBasketOption, GeometricAsianOption), optional
        A control variate: control_weight times (its closed form - its path) is added.
    control_weight : float

    Raises
    ------
    AadValueError
        For an unknown name, a payoff of another number of assets, a payoff of earlier prices without tracked steps, a
        smoothing that does not fit, or an expiry or number of steps that is not positive.

    Examples
    --------
    >>> import aadlib as ad
    >>> from pricers.monte_carlo import BasketOption, GeometricBrownianMotion
    >>> market = GeometricBrownianMotion(spots=[100.0], volatilities=[0.2])
    >>> path = Path(dynamics=market, payoff=BasketOption(strike=100.0), expiry=1.0, smoothing="conditional_expectation")
    >>> program = ad.record(path, path.parameters, np.zeros((1, 1)), lanes=(1,), passive=(1,))
    >>> path.labels, [round(float(x), 4) for x in program.gradient(path.parameters, np.zeros((1, 1)))]
    (('spot[0]', 'volatility[0]'), [0.5398, 39.6953])
    """

    dynamics: Dynamics
    payoff: Payoff
    expiry: float
    n_steps: int = 1
    track_steps: bool = False
    differentiate: tuple[str, ...] = ("spots", "volatilities")
    smoothing: Any = None
    correlated_normals: bool = False
    control: Any = None
    control_weight: float = 1.0
    _estimators: tuple[Any, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        one_number("expiry", self.expiry)
        require_positive("expiry", self.expiry)
        for flag in ("track_steps", "correlated_normals"):
            require_flag(flag, getattr(self, flag))
        if not hasattr(self.dynamics, "law"):
            raise AadTypeError(
                f"dynamics = {self.dynamics!r}: must be a model such as GeometricBrownianMotion(...)"
            )
        for name, payoff in (("payoff", self.payoff), ("control", self.control)):
            if not (hasattr(payoff, "require_assets") or (name == "control" and payoff is None)):
                raise AadTypeError(
                    f"{name} = {payoff!r}: must be a payoff such as BasketOption(strike=100.0)"
                )
        object.__setattr__(self, "n_steps", whole_number("n_steps", self.n_steps, 1))
        names = names_of("differentiate", self.differentiate)
        object.__setattr__(self, "differentiate", names)
        # Without exact steps the volatility is looked up at times that are plain numbers: no derivative in the expiry.
        known = (*self.dynamics.GROUPS, *(["expiry"] if self.dynamics.IS_EXACT else []))
        unknown = [name for name in names if name not in known]
        if unknown or not names or len(set(names)) != len(names):
            raise AadValueError(f"differentiate = {names!r}: choose different names among {', '.join(known)}")
        if self.correlated_normals and "correlations" in names:
            raise AadValueError(
                "correlations cannot be differentiated with correlated_normals=True: pass independent ones"
            )
        if self.n_steps > 1 and not self.track_steps and not self.dynamics.IS_EXACT:
            raise AadValueError("this model has no exact steps: pass track_steps=True")
        for payoff in (self.payoff, *([] if self.control is None else [self.control])):
            payoff.require_assets(self.dynamics.n_assets)
            if not payoff.AT_EXPIRY and self.n_steps > 1 and not self.track_steps:
                raise AadValueError(
                    f"{type(payoff).__name__} depends on prices before expiry: pass track_steps=True"
                )
        control = self.control
        if control is not None and not (isinstance(control, HasClaim) and control.claim(1).geometric):
            raise AadValueError(f"control = {control!r}: must be a geometric option, which has a closed form")
        method = as_smoothing(self.smoothing)
        steps = self.n_steps if self.track_steps else 1
        payoffs = (self.payoff,) if self.control is None else (self.payoff, self.control)
        estimators = tuple(method.estimator(p, self.dynamics, float(self.expiry), steps) for p in payoffs)
        object.__setattr__(self, "_estimators", estimators)

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """Shape of one path's normals."""
        n = self.dynamics.n_assets
        return (self.n_steps, n) if self.track_steps else (n,)

    @property
    def parameters(self) -> Floats:
        """The differentiated parameters at the model's own numbers: (n_parameters,) floats."""
        return np.concatenate([self._group(name) for name in self.differentiate])

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(
            label
            for name in self.differentiate
            for label in (["expiry"] if name == "expiry" else self.dynamics.labels(name))
        )

    def slices(self) -> dict[str, slice]:
        """Return where each group stands in the parameters."""
        slices, begin = {}, 0
        for name in self.differentiate:
            size = len(self._group(name))
            slices[name] = slice(begin, begin + size)
            begin += size
        return slices

    def _group(self, name: str) -> Floats:
        return np.array([self.expiry]) if name == "expiry" else self.dynamics.group(name)

    def at(self, parameters: Any) -> tuple[Any, Any]:
        """Return the model and the expiry at other parameters, numbers of any kind."""
        sizes = self.slices()
        length = sum(s.stop - s.start for s in sizes.values())
        if np.shape(parameters) != (length,):
            raise AadValueError(
                f"parameters has shape {np.shape(parameters)}: must be ({length},), {', '.join(self.differentiate)}"
            )
        numbers = parameters.tolist() if isinstance(parameters, np.ndarray) else list(parameters)
        groups = {name: numbers[cut] for name, cut in sizes.items()}
        expiry = groups.pop("expiry", [float(self.expiry)])[0]
        require_positive("expiry", expiry)
        return self.dynamics.replaced(groups) if groups else self.dynamics, expiry

    def __call__(self, parameters: Any, normals: Any) -> Any:
        """Return the present value of one path, or of many where plain normals have leading axes.

        Parameters
        ----------
        parameters : (n_parameters,) numbers of any kind
        normals : (..., *noise_shape), standard normals; one path while recording
        """
        dynamics, expiry = self.at(parameters)
        z = np.asarray(normals, dtype=np.float64) if not isinstance(normals, np.ndarray) else normals
        split = split_normals(z, self.n_steps, dynamics.n_assets, tracked=self.track_steps)
        simulation = Simulation(dynamics, expiry, split, self.correlated_normals, dynamics.factor())
        present = self._estimators[0](simulation)
        if self.control is None:
            return present
        n_dates = 1 if self.control.AT_EXPIRY else len(split)
        exact = geometric_claim(claim=self.control.claim(n_dates), dynamics=dynamics, expiry=expiry)
        return present + self.control_weight * (exact - self._estimators[1](simulation))


def as_smoothing(given: Any) -> Smoothing:
    """Return a smoothing method from its name, or as it is; None is the payoff as it is."""
    if given is None:
        return Exact()
    if isinstance(given, str):
        if given == "kink":
            raise AadValueError(
                "smoothing = 'kink' is the estimator's and no payoff's: leave it out here and pass "
                "greeks2.expectation(..., smoothing='kink')"
            )
        if given not in SMOOTHINGS:
            raise AadValueError(f"smoothing = {given!r}: choose one of {', '.join(SMOOTHINGS)}")
        return SMOOTHINGS[given]()
    if not hasattr(given, "estimator"):
        raise AadTypeError(
            f"smoothing = {given!r}: give a name ({', '.join(SMOOTHINGS)}) or an object such as Kernel(bandwidth=1.0)"
        )
    return given


def compress_steps(normals: Floats) -> Floats:
    """Return the normals of one step that ends where the steps' normals do.

    Parameters
    ----------
    normals : (..., n_steps, n_assets) floats

    Returns
    -------
    ndarray, (..., n_assets): sum over the steps / sqrt(n_steps)
    """
    normals = normals if isinstance(normals, np.ndarray) else as_floats("normals", normals)
    if normals.ndim < 2:
        raise AadValueError(f"normals has shape {normals.shape}: must be (..., n_steps, n_assets)")
    return np.asarray(normals.sum(axis=-2) / np.sqrt(normals.shape[-2]))
