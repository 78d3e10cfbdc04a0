"""What is believed of a market without a word; beyond it is a warning, far beyond it an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from aadlib.errors import AadTypeError, AadValueError
from aadlib.validation import require_finite, require_instance, require_positive

REFUSED = 4.0
"""What lies beyond a limit is warned of; what lies beyond this many times the limit is refused."""


@dataclass(frozen=True)
class MarketLimits:
    """Limits within which an implied market is believed; refused is what lies beyond four times them.

    Attributes
    ----------
    spot_gap : float
        |ln(spot carried back from the forwards / spot given)|.
    carry : float, per year
        |ln(forward / spot)| per year.
    forward_gap : float
        |ln| of a forward over the straight line that the forwards of all expiries make in time.
    low_rate, high_rate : float, per year
        Zero and forward rates; four times as far from their middle is refused. Discount factors may miss by 0.2%
        before that counts: over a few days they say nothing about rates.
    residual : float
        Median parity error of an expiry, as a share of the spreads of call and put together.
    root_gap : float
        |ln| of the ratio of two roots' forwards for one date.
    """

    spot_gap: float = 0.015
    carry: float = 0.20
    forward_gap: float = 0.03
    low_rate: float = -0.02
    high_rate: float = 0.15
    residual: float = 0.25
    root_gap: float = 0.005

    def __post_init__(self) -> None:
        for item in fields(self):
            require_finite(item.name, getattr(self, item.name))
            if not item.name.endswith("_rate"):
                require_positive(item.name, getattr(self, item.name))
        if not self.low_rate < self.high_rate:
            raise AadValueError(
                f"limits: low_rate = {self.low_rate}: must be below high_rate = {self.high_rate}"
            )


def limits_of(given: MarketLimits | Mapping[str, float] | None) -> MarketLimits:
    """Return limits: the default ones but for those that are given.

    Raises
    ------
    AadValueError
        If there is no limit of that name, or it is out of range.
    """
    if given is None:
        return MarketLimits()
    if isinstance(given, MarketLimits):
        return given
    if not isinstance(given, Mapping):
        raise AadTypeError(
            f"limits = {given!r}: must be a mapping such as {{'carry': 0.5}}, or a MarketLimits"
        )
    known = [item.name for item in fields(MarketLimits)]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise AadValueError(f"limits: there is no limit {unknown[0]!r}; there are {', '.join(known)}")
    return MarketLimits(**given)


def parse_limits(text: str) -> dict[str, float]:
    """Parse a command line's ``carry=0.5,residual=1``.

    Examples
    --------
    >>> parse_limits("carry=0.5,residual=1")
    {'carry': 0.5, 'residual': 1.0}
    """
    require_instance("text", text, str, "a text such as 'carry=0.5'")
    limits = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        try:
            limits[name.strip()] = float(number)
        except ValueError:
            raise AadValueError(f"limits = {text!r}: must be name=number, with commas between") from None
    limits_of(limits)
    return limits
