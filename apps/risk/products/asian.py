"""Asian options on the arithmetic mean of their fixings, by Monte Carlo."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from apps.risk.products.contract import Contract, OptionTerms
from apps.risk.products.fields import Fields, date_or_years

if TYPE_CHECKING:
    from pricers.monte_carlo import ScheduledAsian

STEPS = 24
"""Of a path to the expiry, at least, and to one year where that is later."""


@dataclass(frozen=True)
class Asian(Contract):
    """A call or put on the mean over its fixings: those to come, in years, and those that are known."""

    fixings: tuple[float, ...]
    n_past: int = 0
    past_mean: float = 0.0

    NAME: ClassVar[str] = "asian"
    COLUMNS: ClassVar[tuple[str, ...]] = ("fixings", "past_mean")

    @classmethod
    def read(cls, fields: Fields, terms: OptionTerms) -> Asian:
        """Return the Asian of a row: its fixings are a number of them, equally far apart, or a list."""
        text = fields.required(
            "fixings",
            cls.NAME,
            "how many, equally far apart up to the expiry, or dates or years with ';' between",
        )
        expiry = terms.term.expiry
        if text.isdigit():
            count = int(text)
            if not 1 <= count <= 10_000:
                raise fields.error("fixings", "must be from 1 to 10,000")
            times = [expiry * (k + 1) / count for k in range(count)]
        else:
            times = [
                _fixing(fields, item, terms) for item in text.replace(",", ";").split(";") if item.strip()
            ]
        if any(later <= sooner for sooner, later in pairwise(times)):
            raise fields.error("fixings", "must increase")
        coming = tuple(time for time in times if time > 0.0)
        n_past = len(times) - len(coming)
        if not coming:
            raise fields.error(
                "fixings", "none is to come, so that the option is a sum of money; take it out"
            )
        if n_past and "past_mean" not in fields:
            raise fields.error("past_mean", f"{n_past} fixings are past: give their mean")
        if not n_past and "past_mean" in fields:
            raise fields.error("past_mean", "no fixing is past; leave it empty")
        return cls(coming, n_past, fields.number("past_mean") if n_past else 0.0)

    def describe(self, terms: OptionTerms) -> str:
        """Return strike, right and the number of fixings."""
        past = f", {self.n_past} past" if self.n_past else ""
        n_fixings = self.n_past + len(self.fixings)
        return f"Asian {terms.strike:g} {terms.right}, {n_fixings} fixings{past}"

    def fields(self) -> Mapping[str, str | float]:
        """Return its columns of the book, the fixings to come in years."""
        listed = {"fixings": ";".join(f"{time:.6g}" for time in self.fixings)}
        return {**listed, "past_mean": self.past_mean} if self.n_past else listed

    def path(self, terms: OptionTerms) -> ScheduledAsian:
        """Return one path of it."""
        from pricers.monte_carlo import ScheduledAsian

        expiry = terms.term.expiry
        return ScheduledAsian(
            strike=terms.strike,
            fixings=self.fixings,
            expiry=expiry,
            is_call=terms.is_call,
            n_past=self.n_past,
            past_mean=self.past_mean,
            n_steps=math.ceil(STEPS * max(1.0, math.sqrt(expiry))),
        )


def _fixing(fields: Fields, text: str, terms: OptionTerms) -> float:
    """Return the years to a fixing, a date or years; one on the day of the quotes or before is not above zero."""
    from pricers.chain.settlement import DAYS_PER_YEAR

    when = fields.parsed_text("fixings", text.strip(), date_or_years)
    if isinstance(when, float):
        years = when
    else:
        years = (when - fields.quote_date).days / DAYS_PER_YEAR
        if when == terms.term.expiry_date:
            return terms.term.expiry  # settlement at the open is before the close of that day
    if years > terms.term.expiry * (1.0 + 1e-9):
        raise fields.error("fixings", f"{text.strip()} is after the expiry")
    return years
