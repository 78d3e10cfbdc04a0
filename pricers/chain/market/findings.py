"""What is odd about a market: found, then warned of or refused."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from aadlib.errors import AadValueError
from pricers.chain.market.limits import REFUSED


class MarketWarning(UserWarning):
    """A chain was read, and something about its market is hard to believe."""


@dataclass(frozen=True)
class Finding:
    """One thing that is hard to believe.

    Attributes
    ----------
    message : str
        The numbers, the likely cause, and what would settle it.
    limit : str
        The limit that is exceeded, "" where none is.
    ratio : float
        By how many times.
    admits : float
        What the limit would have to be.
    """

    message: str
    limit: str = ""
    ratio: float = 1.0
    admits: float = 0.0

    @property
    def is_refused(self) -> bool:
        """Whether it is too far beyond its limit to go on."""
        return self.ratio > REFUSED

    def __str__(self) -> str:
        if not self.limit:
            return self.message
        digits = 10.0 ** (1 - math.floor(math.log10(abs(self.admits))))
        admits = f"{(math.ceil if self.admits > 0.0 else math.floor)(self.admits * digits) / digits:.12g}"
        keyword, option = f"limits={{'{self.limit}': {admits}}}", f"--limits {self.limit}={admits}"
        return f"{self.message}; or believe it with {keyword} ({option})"


def refuse(findings: Iterable[Finding]) -> None:
    """Raise at what is too far beyond its limit."""
    refused = [str(finding) for finding in findings if finding.is_refused]
    if refused:
        raise AadValueError("; also: ".join(refused))


def warn(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Issue a `MarketWarning` for each finding and return their messages."""
    messages = tuple(str(finding) for finding in findings)
    for message in messages:
        warnings.warn(message, MarketWarning, stacklevel=4)
    return messages
